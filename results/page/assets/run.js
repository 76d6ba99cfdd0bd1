// A run: its heading, its matrix with the filter, and further details.
// @ts-check
import { addView, go, routeHref } from "./app.js";
import { cellView } from "./cell.js";
import { copyButton, el } from "./dom.js";
import { applyFilter, filterParams, parseFilter, unfiltered } from "./filter.js";
import { filterBar } from "./filterbar.js";
import { counted, took, verdictMark, when } from "./format.js";
import { gridOf } from "./grid.js";
import { documentKey, shortcut } from "./keys.js";
import { newMatrix } from "./matrix.js";
import { printMatrix } from "./print.js";
import { source } from "./source.js";
import { current, keptOf } from "./state.js";
import { testList } from "./tests.js";
import { timeBars } from "./times.js";
import { vectorTables } from "./vectors.js";
import { violationBlock } from "./violations.js";

/**
 * The heading of a run: its facts, its result, and why the result is unreliable.
 * @param {doc.Run} run
 */
export const runHead = run => {
  const facts = [
    el("span", {}, "run with policy ", el("b", {}, run.policy)), run.accel, "seed " + run.seed, el("span", {}, "started ", when(run.started)),
    run.finished ? "took " + took(run) : el("b", {}, "not finished"),
    ...run.marks.map(mark => el("b", {}, "@" + mark)),
  ].filter(Boolean);
  const missing = run.planned - run.tally.cells;
  return el("div", { class: "run" },
    el("h1", {}, "Run " + run.id),
    run.problem ? el("p", { class: "problem", role: "alert" }, el("strong", {}, "Results are unreliable: "), run.problem) : null,
    el("p", { class: "facts" }, facts.flatMap((fact, i) => i ? [" · ", fact] : [fact])),
    missing > 0 ? el("p", {}, el("b", {}, counted(missing, "cell") + " not run")) : null);
};

/**
 * The command line and the conditions of a run.
 * @param {doc.Run} run
 */
export const conditions = run => el("details", { class: "section" }, el("summary", {}, "Command line and conditions"),
  el("div", { class: "copied" }, el("pre", { class: "command", tabindex: "0" }, run.command.join(" ")), copyButton(run.command.join(" "))),
  el("table", { class: "facts" }, el("tbody", {}, Object.keys(run.conditions).sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .map(name => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, run.conditions[name]))))));

/** @param {import("./grid.js").Grid} grid */
const legend = grid => {
  const verdicts = new Set(grid.cells.verdict), outcomes = new Set(grid.cells.outcome);
  const classes = new Set(grid.cells.class), deviating = grid.cells.classes.indexOf("deviates");
  const parts = [
    ...(classes.has(deviating) ? [[":", "pass, but another policy forbids it"]] : []),
    ...grid.cells.verdicts.flatMap((v, i) => verdicts.has(i) ? [[verdictMark(v), v]] : []),
    ...(Object.keys(grid.cells.flaky).length ? [["*", "flaky"]] : []),
    ...(Object.values(grid.cells.standing).includes("expected-fail") ? [["e", "expected (XFAIL)"]] : []),
    ...(Object.values(grid.cells.standing).includes("unexpected-pass") ? [["u", "unexpected pass (XPASS)"]] : []),
    ...grid.cells.outcomes.flatMap((o, i) => o && outcomes.has(i) ? [[grid.cells.letters[i], o]] : []),
  ];
  return el("p", { class: "legend" }, parts.flatMap(([mark, name]) => [el("b", { class: "mono" }, mark), " " + name + "   "]));
};

/**
 * A part that is omitted if make(document) returns null: nothing to show.
 * @template Document
 * @param {string} title
 * @param {Promise<Document>} promise
 * @param {(document: Document) => Node | null} make
 */
const section = (title, promise, make) => {
  const element = el("div", {});
  promise.then(document => {
    const content = make(document);
    if (content) element.append(el("details", { class: "section" }, el("summary", {}, title), content));
  }).catch(error => element.append(el("p", { class: "dim" }, title + ": " + error.message)));
  return element;
};

/** @type {import("./app.js").View["render"]} */
const matrixView = async (main, route, signal) => {
  const id = route.args[0];
  let filter = parseFilter(route.params);
  const policy = filter.policy, mine = keptOf(id);
  const chosen = [...filter.test], run = await source.run(id);
  if (run.paged && !chosen.length) {
    const wait = el("p", { role: "status" }, "Counting the cells of each test. This takes some seconds per million.");
    main.append(runHead(run), wait);
    // Not awaited: the head is shown at once.
    Promise.all([source.tests(id), source.violations(id)]).then(([list, violations]) =>
      wait.replaceWith(violationBlock(run.id, violations, policy), testList(run.id, list, policy ? { policy } : {}), conditions(run)), error => { wait.textContent = error.message; });
    return null;
  }
  const [cells, violations] = await Promise.all([source.cells(id, policy, chosen), source.violations(id)]);
  const grid = gridOf(cells);
  if (!grid.n) {
    main.append(runHead(run), conditions(run), el("p", { class: "empty" }, "This run has no cells."));
    return null;
  }

  /** @param {string[]} list */
  const encoded = list => list.map(encodeURIComponent);
  const kernels = encoded(cells.kernels), filesystems = encoded(cells.filesystems), tests = encoded(cells.tests);
  const base = "#/run/" + encodeURIComponent(id) + "/cell/";
  let query = "";
  const matrix = newMatrix(grid, { kept: mine, signal,
    cellHref: i => base + kernels[cells.kernel[i]] + "/" + filesystems[cells.filesystem[i]] + "/" + tests[cells.test[i]] + query });
  const bar = filterBar(grid, run.policy, next => {
    // Other verdicts, or other cells: another matrix.
    if (next.policy !== policy || run.paged && [...next.test].join() !== chosen.join()) {
      mine.focus = "[data-policy=\"" + (next.policy || run.policy) + "\"]";
      go(routeHref("run", [id], filterParams(next)), { replace: true });
      return;
    }
    filter = next;
    // This only changes the URL; apply draws.
    history.replaceState(null, "", routeHref("run", [id], filterParams(filter)));
    apply();
  }, signal);
  const none = el("p", { class: "empty", hidden: true }, "No cell matches. ", el("a", { href: routeHref("run", [id], filterParams(unfiltered(filter))) }, "Show all"));
  const full = el("button", { type: "button", "aria-pressed": "false", on: { click: () => {
    mine.full = !mine.full;
    apply();
  } } }, "Expand subtests");
  let result = applyFilter(grid, filter);
  const apply = () => {
    result = applyFilter(grid, filter);
    const params = filterParams(filter);
    query = params.size ? "?" + params : "";
    full.setAttribute("aria-pressed", String(mine.full));
    bar.update(filter, result);
    none.hidden = result.shown > 0;
    matrix.element.hidden = result.shown === 0;
    matrix.update(result.columns, result.match, mine.full);
  };
  bar.element.querySelector(".line")?.append(full);

  main.append(runHead(run), run.paged ? el("p", {}, "Only the cells of " + counted(chosen.length, "test") + ". ", el("a", { href: routeHref("run", [id], new URLSearchParams(policy ? { policy } : {})) }, "All tests")) : "",
    violationBlock(run.id, violations, policy), bar.element, matrix.element, none, legend(grid), conditions(run),
    section("Policy vectors", source.vectors(id, "", chosen), vectorTables), section("Time by phase", source.times(id, "", chosen), timeBars));
  apply();
  if (matrix.restore()) matrix.focus();
  if (mine.focus) /** @type {HTMLElement | null} */ (bar.element.querySelector(mine.focus))?.focus({ preventScroll: true });
  mine.focus = "";
  current.print = () => printMatrix(grid, result, run);
  current.matrix = { bar, matrix };
  return {
    update(next) {
      if (next.args[0] !== id || next.args.length > 1 || (next.params.get("policy") ?? "") !== policy || run.paged && next.params.getAll("test").join() !== chosen.join()) return false;
      filter = parseFilter(next.params);
      apply();
      return true;
    },
    close() {
      current.print = current.matrix = null;
    },
  };
};

addView("run", {
  title: route => (route.args[1] === "cell" ? route.args.slice(2).join(" ") + " · " : "") + "Run " + (route.args[0] ?? ""),
  async render(main, route, signal) {
    if (!route.args[0]) throw new Error("The address lacks a run ID.");
    if (route.args.length === 5 && route.args[1] === "cell") return cellView(main, route, signal);
    if (route.args.length > 1) throw new Error("Unknown page “" + route.args[1] + "” of a run: the address of a cell is #/run/ID/cell/KERNEL/FILESYSTEM/TEST.");
    return matrixView(main, route, signal);
  },
});

documentKey("← ↑ → ↓", "move in the matrix");
documentKey("Enter", "open the cell; expand or collapse a heading");
documentKey("Space", "expand or collapse a row");
shortcut("/", "find cells", () => current.matrix ? current.matrix.bar?.focus() : false);
shortcut("m", "focus the matrix", () => current.matrix ? current.matrix.matrix.focus() : false);
