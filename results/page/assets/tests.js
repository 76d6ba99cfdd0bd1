// The tests of a run whose cells are too many for one matrix: each leads to the
// matrix of its own cells.
// @ts-check
import { routeHref } from "./app.js";
import { el } from "./dom.js";
import { classMark, classNames, counted } from "./format.js";

const some = 200; // tests shown at first

/**
 * The list of a run's tests; query has the policy that the links keep, text is what is looked for.
 * @param {string} run
 * @param {doc.Tests} tests
 * @param {Record<string, string>} query
 */
export const testList = (run, { tests, cells, limit }, query, text = "") => {
  /** @param {doc.CountedTest} test */
  const rank = test => test.classes.violation ?? 0;
  const ordered = [...tests].sort((a, b) => rank(b) - rank(a)); // stable: then by name
  const body = el("tbody", {}), note = el("output", { "aria-live": "polite", id: "shown" });
  const classes = classNames.filter(klass => tests.some(test => test.classes[klass]));
  /** @param {string[]} names */
  const href = names => {
    const params = new URLSearchParams(query);
    for (const name of names) params.append("test", name);
    return routeHref("run", [run], params);
  };
  /** @param {doc.CountedTest} test */
  const row = test => el("tr", {}, el("th", { scope: "row" }, el("a", { href: href([test.test]) }, test.test)), el("td", { class: "n" }, test.cells.toLocaleString("en")),
    classes.map(klass => test.classes[klass] ? el("td", { class: "n c-" + klass }, test.classes[klass].toLocaleString("en")) : el("td", {})));
  let found = ordered, n = 0;
  const more = el("button", { type: "button", on: { click: () => add() } });
  const together = el("a", { href: "#/" });
  const add = () => {
    body.append(...found.slice(n, n + some).map(row));
    n = Math.min(n + some, found.length);
    more.textContent = counted(found.length - n, "more test");
    more.hidden = n === found.length;
  };
  const find = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = ordered.filter(test => words.every(word => test.test.toLowerCase().includes(word)));
    note.textContent = counted(found.length, "test");
    const all = found.reduce((sum, test) => sum + test.cells, 0);
    together.hidden = !found.length || found.length > 500 || all > limit;
    together.textContent = "One matrix of these " + counted(all, "cell");
    together.setAttribute("href", href(found.map(test => test.test)));
    body.replaceChildren();
    n = 0;
    add();
  };
  const field = el("input", { type: "search", id: "find", placeholder: "test", "aria-label": "Find tests", on: { input: find } });
  field.value = text;
  find();
  return el("section", { class: "tests" },
    el("p", {}, counted(cells, "cell") + (cells > limit ? ", more than the " + limit.toLocaleString("en") + " of one matrix" : "") + ": choose a test, or find some."),
    el("form", { class: "filter", role: "search", on: { submit: e => e.preventDefault() } }, el("div", { class: "line" }, field, note, together)),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Tests" }, el("table", { class: "list" },
      el("thead", {}, el("tr", {}, ["test", "cells", ...classes.map(klass => classMark(klass) + " " + klass)].map(name => el("th", { scope: "col" }, name)))), body)), more);
};
