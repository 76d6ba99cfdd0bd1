// What every policy forbids in a run, before anything else: what, where, since
// which kernel, and how to reproduce it.
// @ts-check
import { routeHref } from "./app.js";
import { copyButton, el } from "./dom.js";
import { filterParams, unfiltered } from "./filter.js";
import { counted, resultClass } from "./format.js";
import { rest } from "./grid.js";

const some = 3; // violations shown at first

/** @type {Record<string, [mark: string, style: string, words: string]>} the states of a kernel in a timeline */
const states = { "violation": ["x", "c-violation", "has it"], "holds": [".", "c-pass", "ran without it"], "other": ["!", "o-unknown", "another violation"], "": ["", "", "no verdict"] };
/** @param {string} name */
const stateOf = name => states[name] ?? states[""];

/**
 * A kernel's upstream version and then its package.
 * @type {(doc: doc.Violations, kernel: string) => HTMLElement}
 */
const kernelName = ({ kernels, labels, packages }, kernel) => {
  const i = kernels.indexOf(kernel), more = i < 0 ? "" : rest(labels[i], packages[i]);
  return el("span", { class: "name", title: kernel }, el("b", {}, i < 0 ? kernel : labels[i]), more ? el("span", { class: "dim" }, more.startsWith(" ") ? " (" + more.trim() + ")" : more) : null);
};

/**
 * The timeline in words, for readers who do not see it.
 * @type {(doc: doc.Violations, violation: doc.Violation) => string}
 */
export const timelineText = ({ kernels, labels }, violation) => {
  /** @param {string} state */
  const having = state => labels.filter((_, i) => violation.states[i] === state);
  /** @type {(words: string, names: string[]) => string} */
  const list = (words, names) => names.length ? ". " + words + ": " + names.join(", ") : "";
  const first = violation.flavours.map(({ since }) => labels[kernels.indexOf(since)] ?? since);
  return "First bad kernel: " + first.join(", ") + list("Has it", having("violation")) + list("Ran without it", having("holds")) +
    list("Another violation", having("other")) + list("No verdict", having(""));
};

/**
 * A strip of the kernels, oldest first.
 * @type {(doc: doc.Violations, violation: doc.Violation) => HTMLElement}
 */
const timeline = (doc, violation) => el("span", { class: "timeline", role: "img", "aria-label": timelineText(doc, violation) }, doc.kernels.map((kernel, i) => {
  const [mark, style, words] = stateOf(violation.states[i]);
  return el("span", { class: style + (violation.flavours.some(({ since }) => since === kernel) ? " first" : ""), title: kernel + ": " + words }, mark);
}));

/**
 * The filter that shows the cells of a violation.
 * @param {doc.Violation} violation
 */
export const violationFilter = (violation, policy = "") => {
  const filter = unfiltered({ policy });
  filter.class.add("violation");
  filter.test.add(violation.test);
  filter.verdict.add(violation.verdict);
  if (violation.outcome) filter.outcome.add(violation.outcome);
  else if (violation.title !== violation.verdict) filter.q = violation.title;
  return filter;
};

/** @type {(run: string, doc: doc.Violations, violation: doc.Violation, policy: string) => HTMLElement} */
const entry = (run, doc, violation, policy) => {
  const { cells, expected, filesystems, since, before } = violation;
  return el("article", { class: "violation" },
    el("h3", {}, el("span", { class: "badge " + resultClass(violation.verdict, violation.outcome, "violation") }, violation.title), " ", violation.test,
      violation.meaning ? el("span", { class: "dim" }, " " + violation.meaning) : null),
    el("p", {}, timeline(doc, violation), " ", counted(cells, "cell") + " on " + filesystems.join(", ") + (expected ? ", " + expected + " expected (XFAIL)" : "") + " · since ", kernelName(doc, since),
      before ? [", not on ", kernelName(doc, before)] : ", the oldest kernel with a verdict", " · ",
      el("a", { href: routeHref("run", [run], filterParams(violationFilter(violation, policy))) }, "show in the matrix"), " · ",
      el("a", { href: routeHref("run", [run, "cell", violation.example.kernel, violation.example.fs, violation.example.test]) }, "newest cell")),
    el("div", { class: "copied" }, el("pre", { class: "command", tabindex: "0" }, violation.command), copyButton(violation.command, "Copy command")));
};

/**
 * The block of a run's violations; policy is the one that links keep.
 * @param {string} run
 * @param {doc.Violations} doc
 */
export const violationBlock = (run, doc, policy = "") => {
  const { violations, left_out: leftOut } = doc;
  const total = violations.reduce((n, v) => n + v.cells, 0);
  const section = el("section", { class: "violations", "aria-labelledby": "violations" }, el("h2", { id: "violations" }, "Violations: " + violations.length.toLocaleString("en")));
  if (!violations.length) {
    section.append(el("p", {}, "No cell shows what every policy forbids."));
    return section;
  }
  section.append(el("p", { class: "dim" }, counted(total, "cell") + " with what every policy forbids. In a strip, each box is a kernel, oldest first: x has it, . ran without it, ! has another violation, empty has no verdict; the thick one is the first bad kernel."));
  /** @param {doc.Violation[]} list */
  const add = list => list.map(v => entry(run, doc, v, policy));
  section.append(...add(violations.slice(0, some)));
  if (violations.length > some) {
    const more = el("button", { type: "button", on: { click: () => more.replaceWith(...add(violations.slice(some))) } }, counted(violations.length - some, "more violation"));
    section.append(more);
  }
  if (leftOut) section.append(el("p", { class: "note" }, "The violations of " + counted(leftOut, "more test") + " are not listed, because the run is too large: the list of tests counts them."));
  return section;
};
