// The filter's UI: a search field, lists of kernels, filesystems, families and
// tests, the policy, and a button for each class, verdict and outcome.
// @ts-check
import { el } from "./dom.js";
import { applyFilter, isFiltered, unfiltered } from "./filter.js";
import { classMark, counted, outcomeClass, traitMark, verdictClass, verdictMark, verdictNames } from "./format.js";
import { parentOf } from "./grid.js";

/**
 * @typedef {import("./filter.js").Filter} Filter
 * @typedef {import("./filter.js").List} List
 * @typedef {import("./filter.js").Filtered} Filtered
 * @typedef {{ element: HTMLElement, focus(): void, update(filter: Filter, result: Filtered): void }} Bar
 */

/**
 * Creates the bar, which lives until signal; it calls change(filter) when the
 * user changes the filter. own is the policy of the run.
 * @type {(grid: import("./grid.js").Grid, own: string, change: (filter: Filter) => void, signal: AbortSignal) => Bar}
 */
export const filterBar = (grid, own, change, signal) => {
  let filter = unfiltered(null);
  /** @param {() => void} edit */
  const changed = edit => {
    edit();
    change(filter);
  };

  const text = el("input", { type: "search", id: "find", placeholder: "test, kernel, filesystem, detail", "aria-label": "Find cells", "aria-keyshortcuts": "/",
    on: { input: () => changed(() => { filter.q = text.value; }) } });

  const facets = [
    facet("kernel", "kernel", grid.cells.kernels),
    facet("fs", "filesystem", grid.cells.filesystems),
    facet("family", "family", grid.families.map(f => f.name)),
    facet("test", "test", [...new Set(grid.cells.tests.map(parentOf))]),
  ];

  /** @type {(name: List, noun: string, values: string[]) => { element: HTMLDetailsElement, hidden: boolean, update(): void }} */
  function facet(name, noun, values) {
    const summary = el("summary", {}), list = el("div", { role: "group", "aria-label": noun, tabindex: "-1" });
    /** @type {{ value: string, box: HTMLInputElement }[]} */
    const boxes = [];
    const check = () => { for (const { value, box } of boxes) box.checked = filter[name].has(value); };
    // Thousands of choices take longer to build than the matrix.
    const build = () => {
      if (boxes.length) return;
      for (const value of values) {
        const box = el("input", { type: "checkbox", on: { change: () => changed(() => {
          if (box.checked) filter[name].add(value);
          else filter[name].delete(value);
        }) } });
        boxes.push({ value, box });
        list.append(el("label", {}, box, " ", value));
      }
      check();
    };
    const element = el("details", { class: "facet", on: { toggle: () => { if (element.open) build(); } } }, summary, list);
    // At most one list is open, and none after a click elsewhere.
    element.addEventListener("focusout", e => { if (e.relatedTarget instanceof Node && !element.contains(e.relatedTarget)) element.open = false; });
    element.addEventListener("keydown", e => {
      if (e.key !== "Escape" || !element.open) return;
      e.preventDefault();
      element.open = false;
      summary.focus();
    });
    return { element, hidden: values.length < 2, update() {
      check();
      const [first] = filter[name];
      summary.textContent = noun + ": " + (filter[name].size === 0 ? "all" : filter[name].size === 1 ? first : filter[name].size + " of " + values.length);
    } };
  }

  /** @type {(name: List, noun: string, values: string[], mark: (value: string) => string, kind: (value: string) => string) => { element: HTMLElement, update(counts: Map<string, number>): void }} */
  const chips = (name, noun, values, mark, kind) => {
    const buttons = values.map(value => {
      const count = el("span", { class: "n" });
      const button = el("button", { type: "button", class: "chip " + kind(value), on: { click: () => changed(() => {
        if (!filter[name].delete(value)) filter[name].add(value);
      }) } }, el("b", { class: "mono", "aria-hidden": "true" }, mark(value)), " ", count, " " + (value === "expected-fail" ? "XFAIL" : value === "unexpected-pass" ? "XPASS" : value));
      return { value, button, count };
    });
    return { element: el("div", { class: "chips", role: "group", "aria-label": noun }, buttons.map(b => b.button)), update(counts) {
      for (const { value, button, count } of buttons) {
        const n = counts.get(value) ?? 0, on = filter[name].has(value);
        count.textContent = n.toLocaleString("en");
        button.setAttribute("aria-pressed", String(on));
        button.classList.toggle("none", n === 0 && !on);
      }
    } };
  };

  // Only values that occur in the run are offered.
  const { classes: hasClass, verdicts: hasVerdict, outcomes: hasOutcome } = applyFilter(grid, unfiltered(null));
  /** @param {Map<string, number>} counts */
  const occurring = counts => [...counts].filter(([, n]) => n > 0).map(([name]) => name);
  const classes = chips("class", "classes", occurring(hasClass), classMark, klass => "c-" + klass);
  const verdicts = chips("verdict", "verdicts", occurring(hasVerdict).filter(v => !["pass", "skip", "infra"].includes(v)), // these are classes, and counted once
    v => traitMark(v) || verdictMark(v), v => verdictNames.includes(v) ? verdictClass(v) : "");
  const outcomes = chips("outcome", "outcomes", occurring(hasOutcome), o => {
    const i = grid.cells.outcomes.indexOf(o === "none" ? "" : o);
    return i < 0 ? "?" : grid.cells.letters[i].replace(" ", "–");
  }, o => o === "none" ? "" : outcomeClass(o));

  const problems = el("button", { type: "button", class: "only", on: { click: () => changed(() => { filter.problems = !filter.problems; }) } }, "Problems only");
  const policies = grid.cells.policies.map(({ name }) => ({ name, button: el("button", { type: "button", "data-policy": name, on: { click: () => changed(() => {
    filter.policy = name === own ? "" : name;
  }) } }, name) }));

  const shown = el("output", { "aria-live": "polite", id: "shown" });
  const all = el("button", { type: "button", on: { click: () => change(unfiltered(filter)) } }, "Show all");

  addEventListener("pointerdown", e => { // a list closes on a click elsewhere
    for (const { element } of facets) if (element.open && !(e.target instanceof Node && element.contains(e.target))) element.open = false;
  }, { signal });

  return {
    element: el("form", { class: "filter", role: "search", "aria-label": "Filter", on: { submit: e => e.preventDefault() } },
      el("div", { class: "line" }, text, facets.filter(f => !f.hidden).map(f => f.element), problems, all, shown),
      el("div", { class: "line" }, el("div", { class: "policies", role: "group", "aria-label": "Judge by policy" }, "policy ", policies.map(p => p.button)),
        classes.element, verdicts.element, outcomes.element)),
    focus: () => text.focus(),
    update(next, result) {
      filter = next;
      if (document.activeElement !== text) text.value = filter.q;
      for (const f of facets) f.update();
      classes.update(result.classes);
      verdicts.update(result.verdicts);
      outcomes.update(result.outcomes);
      shown.textContent = result.shown === grid.n ? counted(grid.n, "cell") : result.shown.toLocaleString("en") + " of " + counted(grid.n, "cell");
      all.hidden = !isFiltered(filter);
      problems.setAttribute("aria-pressed", String(filter.problems));
      for (const { name, button } of policies) button.setAttribute("aria-pressed", String(name === (filter.policy || own)));
    },
  };
};
