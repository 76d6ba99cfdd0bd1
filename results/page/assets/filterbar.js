// The filter's UI: a search field, lists of kernels, filesystems and families,
// and a button for each verdict and outcome.
// @ts-check
import { el } from "./dom.js";
import { applyFilter, isFiltered, parseFilter } from "./filter.js";
import { counted, verdictClass, verdictMark, verdictNames } from "./format.js";

// filterBar creates the bar; it calls change(filter) when the user changes the
// filter. It has update(filter, result) and lives until signal.
export const filterBar = (grid, change, signal) => {
  let filter = null;
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
  ];

  function facet(name, noun, values) {
    const boxes = values.map(value => {
      const box = el("input", { type: "checkbox", on: { change: () => changed(() => {
        if (box.checked) filter[name].add(value);
        else filter[name].delete(value);
      }) } });
      return { value, box };
    });
    const summary = el("summary", {});
    const element = el("details", { class: "facet" }, summary, el("div", { role: "group", "aria-label": noun },
      boxes.map(({ value, box }) => el("label", {}, box, " ", value))));
    // At most one list is open, and none after a click elsewhere.
    element.addEventListener("focusout", e => { if (!element.contains(e.relatedTarget) && e.relatedTarget) element.open = false; });
    element.addEventListener("keydown", e => {
      if (e.key !== "Escape" || !element.open) return;
      e.preventDefault();
      element.open = false;
      summary.focus();
    });
    return { element, hidden: values.length < 2, update() {
      for (const { value, box } of boxes) box.checked = filter[name].has(value);
      const [first] = filter[name];
      summary.textContent = noun + ": " + (filter[name].size === 0 ? "all" : filter[name].size === 1 ? first : filter[name].size + " of " + values.length);
    } };
  }

  const chips = (name, noun, values, mark, kind) => {
    const buttons = values.map(value => {
      const count = el("span", { class: "n" });
      const button = el("button", { type: "button", class: "chip " + kind(value), on: { click: () => changed(() => {
        if (!filter[name].delete(value)) filter[name].add(value);
      }) } }, el("b", { class: "mono", "aria-hidden": "true" }, mark(value)), " ", count, " " + (({ "expected-fail": "XFAIL", "unexpected-pass": "XPASS" })[value] ?? value));
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
  const { verdicts: hasVerdict, outcomes: hasOutcome } = applyFilter(grid, parseFilter(new URLSearchParams()));
  const occurring = counts => [...counts].filter(([, n]) => n > 0).map(([name]) => name);
  const verdicts = chips("verdict", "verdicts", occurring(hasVerdict),
    v => ({ "flaky": "*", "expected-fail": "e", "unexpected-pass": "u" })[v] ?? verdictMark(v), v => verdictNames.includes(v) ? verdictClass(v) : "");
  const outcomes = chips("outcome", "outcomes", occurring(hasOutcome), o => {
    const i = grid.cells.outcomes.indexOf(o === "none" ? "" : o);
    return i < 0 ? "?" : grid.cells.letters[i].replace(" ", "–");
  }, () => "");

  const shown = el("output", { "aria-live": "polite", id: "shown" });
  const all = el("button", { type: "button", on: { click: () => change(parseFilter(new URLSearchParams())) } }, "Show all");

  addEventListener("pointerdown", e => { // a list closes on a click elsewhere
    for (const { element } of facets) if (element.open && !element.contains(e.target)) element.open = false;
  }, { signal });

  return {
    element: el("form", { class: "filter", role: "search", "aria-label": "Filter", on: { submit: e => e.preventDefault() } },
      el("div", { class: "line" }, text, facets.filter(f => !f.hidden).map(f => f.element), all, shown),
      el("div", { class: "line" }, verdicts.element, outcomes.element)),
    focus: () => text.focus(),
    update(next, result) {
      filter = next;
      if (document.activeElement !== text) text.value = filter.q;
      for (const f of facets) f.update();
      verdicts.update(result.verdicts);
      outcomes.update(result.outcomes);
      shown.textContent = result.shown === grid.n ? counted(grid.n, "cell") : result.shown.toLocaleString("en") + " of " + counted(grid.n, "cell");
      all.hidden = !isFiltered(filter);
    },
  };
};
