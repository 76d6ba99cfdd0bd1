// Paper does not scroll: a table per kernel replaces the matrix.
// @ts-check
import { el } from "./dom.js";
import { counted, markOf, resultClass } from "./format.js";
import { tableRows } from "./grid.js";
import { current } from "./state.js";

const mostCells = 30_000; // more take a browser too long to lay out

/** @type {(grid: import("./grid.js").Grid, result: import("./filter.js").Filtered, run: doc.Run) => HTMLElement} */
export const printMatrix = (grid, result, run) => {
  const { cells } = grid, tables = [];
  let left = mostCells, leftOut = 0;
  for (let from = 0; from < result.columns.length;) {
    let to = from + 1;
    const kernel = grid.columns[result.columns[from]].kernel;
    while (to < result.columns.length && grid.columns[result.columns[to]].kernel === kernel) to++;
    const columns = result.columns.slice(from, to);
    from = to;
    const rows = tableRows(grid, columns, result.match, new Set());
    const size = rows.length * columns.length;
    if (size > left) {
      leftOut++;
      continue;
    }
    left -= size;
    tables.push(el("table", { class: "list printed" }, el("caption", {}, cells.kernels[kernel]),
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "test"), columns.map(c => el("th", { scope: "col" }, cells.filesystems[grid.columns[c].fs])))),
      el("tbody", {}, rows.map(row => el("tr", {}, el("th", { scope: "row", class: "depth-" + row.depth }, row.label), columns.map(c => {
        const i = row.test < 0 ? -1 : row.at(c);
        if (i < 0) return el("td", {});
        const verdict = cells.verdicts[cells.verdict[i]], outcome = cells.outcomes[cells.outcome[i]], klass = cells.classes[cells.class[i]];
        return el("td", { class: "mono " + resultClass(verdict, outcome, klass) }, markOf(verdict, outcome, klass, cells.letters[cells.outcome[i]]) + (cells.flaky[i] ? "*" : "") + (cells.standing[i] ?? "").slice(0, 1));
      }))))));
  }
  return el("div", { class: "print" },
    el("p", {}, "Run " + run.id + ": " + result.shown.toLocaleString("en") + " of " + counted(grid.n, "cell")),
    leftOut ? el("p", {}, el("b", {}, counted(leftOut, "kernel") + " omitted: filter before printing.")) : null, tables);
};

/** @type {Element | null} */
let printed = null;
addEventListener("beforeprint", () => {
  if (!current.print || printed) return;
  printed = current.print();
  document.querySelector(".matrix")?.after(printed);
});
addEventListener("afterprint", () => {
  printed?.remove();
  printed = null;
});
