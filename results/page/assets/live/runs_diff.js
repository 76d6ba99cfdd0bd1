// What changed from one run to another.
// @ts-check
import { addView, cellHref, go, routeHref } from "../app.js";
import { el, messageOf } from "../dom.js";
import { badgeOf, counted, when } from "../format.js";
import { shortcut } from "../keys.js";
import { source } from "../source.js";

const some = 200; // changes of a list shown initially

/** @type {(verdict: string, outcome: string, klass: string) => HTMLElement} */
const badge = (verdict, outcome, klass) => verdict ? badgeOf(verdict, outcome, klass) : el("span", { class: "dim" }, "absent");

/** @type {(list: doc.DifferenceList, before: string, after: string) => HTMLElement} */
const listing = (list, before, after) => {
  const body = el("tbody", {});
  /** @param {doc.Change} change */
  const row = change => el("tr", {},
    el("td", {}, change.kernel), el("td", {}, change.fs),
    el("td", {}, el("a", { href: change.after ? cellHref(after, change.kernel, change.fs, change.test) : cellHref(before, change.kernel, change.fs, change.test) }, change.test),
      change.detail ? el("div", { class: "dim detail" }, change.detail) : null),
    el("td", {}, badge(change.before, change.before_outcome, change.before_class)), el("td", {}, badge(change.after, change.after_outcome, change.after_class)),
    el("td", {}, el("a", { href: routeHref("history", [change.kernel, change.fs, change.test]) }, "history")));
  let shown = 0;
  const more = el("button", { type: "button", on: { click: () => add() } });
  const add = () => {
    body.append(...list.changes.slice(shown, shown + some).map(row));
    shown = Math.min(shown + some, list.changes.length);
    more.textContent = counted(list.changes.length - shown, "more change");
    more.hidden = shown === list.changes.length;
  };
  add();
  return el("section", { "data-list": list.name },
    el("h2", {}, list.title + ": " + list.changes.length.toLocaleString("en")),
    el("div", { class: "scroll" }, el("table", { class: "list changes" },
      el("thead", {}, el("tr", {}, ["kernel", "filesystem", "test", "before", "after", "history"].map(name => el("th", { scope: "col" }, name)))), body)), more);
};

/** @type {(noun: string, run: doc.Run) => HTMLElement} */
const runLink = (noun, run) => el("p", { class: "facts" }, el("b", {}, noun + " "), el("a", { href: routeHref("run", [run.id]) }, run.id), " · ", when(run.started),
  run.finished ? "" : " · not finished", run.marks.map(mark => " · @" + mark), run.problem ? el("span", { class: "trouble" }, " unreliable: " + run.problem) : null);

/** @type {import("../app.js").View["render"]} */
const render = async (main, route, signal) => {
  const [before = "latest~1", after = "latest"] = route.args, policy = route.params.get("policy") ?? "";
  const names = (await source.runs({ limit: 200 }, { signal })).runs.map(run => run.id);
  /** @type {(id: string, value: string) => HTMLInputElement} */
  const field = (id, value) => el("input", { id, list: "run-names", value, size: "26", spellcheck: "false", autocomplete: "off", required: true });
  const first = field("before", before), second = field("after", after);
  const judge = el("select", { id: "policy" }, [["", "as recorded"], ["snapshot", "snapshot"], ["alias", "alias"]].map(([value, text]) => el("option", { value, selected: value === policy }, text)));
  main.append(el("h1", {}, "Diff"),
    el("form", { class: "ask", on: { submit: e => {
      e.preventDefault();
      go(routeHref("diff", [first.value.trim(), second.value.trim()], judge.value ? new URLSearchParams({ policy: judge.value }) : null));
    } } },
    el("label", {}, "from ", first), el("label", {}, "to ", second), el("label", {}, "policy ", judge), el("button", {}, "Compare"),
    el("datalist", { id: "run-names" }, ["latest", "latest~1", "@baseline", ...names].map(value => el("option", { value })))));
  const query = new URLSearchParams({ before, after });
  if (policy) query.set("policy", policy);
  /** @type {doc.Diff} */
  let diff;
  try {
    diff = await source.get("api/diff?" + query, { signal });
  } catch (error) { // the form stays, for another try
    if (!signal.aborted) main.append(el("p", { class: "problem", role: "alert" }, messageOf(error)));
    return;
  }
  main.append(runLink("from", diff.before), runLink("to", diff.after));
  if (diff.conditions.length) {
    main.append(el("details", { class: "section", open: diff.conditions.length <= 8 }, el("summary", {}, counted(diff.conditions.length, "condition") + (diff.conditions.length === 1 ? " differs" : " differ")),
      el("div", { class: "scroll" }, el("table", { class: "list" }, el("thead", {}, el("tr", {}, ["condition", "before", "after"].map(name => el("th", { scope: "col" }, name)))),
        el("tbody", {}, diff.conditions.map(c => el("tr", {}, el("th", { scope: "row" }, c.name), el("td", {}, c.before || "none"), el("td", {}, c.after || "none"))))))));
  }
  main.append(...diff.lists.map(list => listing(list, diff.before.id, diff.after.id)),
    el("p", { id: "same" }, counted(diff.same, "cell") + " unchanged"));
};

addView("diff", { title: "Diff", nav: "Diff", render });
shortcut("g d", "compare two runs", () => go("#/diff"));
