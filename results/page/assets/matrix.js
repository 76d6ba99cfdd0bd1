// The matrix: only visible rows and columns are elements, so that a hundred
// thousand cells scroll as fast as a hundred. To a screen reader it is a grid
// with its true size.
// @ts-check
import { go } from "./app.js";
import { columnAt, layColumns } from "./columns.js";
import { el } from "./dom.js";
import { counted, describe, markOf, resultClass, traitMark } from "./format.js";
import { tableRows } from "./grid.js";

const rowHeight = 25, line = 24, twoLines = 44; // px, as in matrix.css
const beyond = 6; // rows and columns drawn outside the visible area

/**
 * @typedef {import("./grid.js").Row} Row
 * @typedef {object} Matrix
 * @property {HTMLElement} element
 * @property {() => void} focus
 * @property {(columns: number[], match: Uint8Array, full: boolean) => void} update redraws it
 * @property {() => boolean} restore
 * @property {() => Row[]} rows
 */

/**
 * Draws a grid. cellHref(i) is the link of a cell; kept is kept while a cell's
 * page is shown.
 * @type {(grid: import("./grid.js").Grid, options: { cellHref: (i: number) => string, kept: import("./state.js").Kept, signal: AbortSignal }) => Matrix}
 */
export const newMatrix = (grid, { cellHref, kept, signal }) => {
  const { cells } = grid;
  /** @type {Row[]} */
  let rows = [];
  /** @type {number[]} */
  let columns = [];
  /** @type {Uint8Array} */
  let match = new Uint8Array(0);
  let full = false, updated = false;
  let labelWidth = 200, edges = new Float64Array(1), kernelHeight = line;
  let drawn = "", size = ""; // what the elements show, and for which window size
  /** @type {Map<number, HTMLElement>} row → element */
  const bodyRows = new Map();

  const head = el("div", { class: "head", role: "rowgroup" });
  const body = el("div", { class: "body", role: "rowgroup" });
  const sheet = el("div", { class: "sheet" }, head, body);
  const scroller = el("div", { class: "matrix", role: "grid", tabindex: "0", "aria-label": "Tests by kernel and filesystem", "aria-readonly": "true" }, sheet);
  const active = kept.active ??= { row: 0, column: 0 };

  const top = () => kernelHeight + line;
  /** @param {number} n */
  const px = n => n + "px";
  /** @type {Map<number, string>} look → text of a cell */
  const words = new Map();
  /**
   * What is shown of a cell; its name begins with that (WCAG 2.2, 2.5.3).
   * @param {number} i
   */
  const marksOf = i => markOf(cells.verdicts[cells.verdict[i]], cells.outcomes[cells.outcome[i]], cells.classes[cells.class[i]], cells.letters[cells.outcome[i]]).trim() +
    (cells.flaky[i] ? "*" : "") + traitMark(cells.standing[i]);
  /** @param {number} i */
  const wordsOf = i => {
    let text = words.get(grid.look[i]);
    if (text === undefined) {
      text = marksOf(i) + " " + describe(cells.verdicts[cells.verdict[i]], cells.outcomes[cells.outcome[i]], cells.flaky[i], cells.standing[i]);
      words.set(grid.look[i], text);
    }
    return text;
  };

  const parentNow = () => scroller.parentElement ?? document.body;
  const sizeNow = () => parentNow().clientWidth + " " + innerHeight;

  const measure = () => {
    const longest = rows.reduce((n, row) => Math.max(n, row.label.length + 2 * row.depth), 8);
    const parent = getComputedStyle(parentNow());
    const room = parentNow().clientWidth - parseFloat(parent.paddingLeft) - parseFloat(parent.paddingRight);
    size = sizeNow();
    labelWidth = Math.round(Math.min(longest * 7.4 + 34, Math.max(130, room * (room < 600 ? 0.4 : 0.32))));
    const laid = layColumns(grid, columns, scroller, room - labelWidth - 16);
    edges = laid.edges;
    kernelHeight = laid.lines > 1 ? twoLines : line;
    // The rest of the window, or most of the window where the rest is small.
    const rest = innerHeight - (scroller.getBoundingClientRect().top + scrollY) - 12;
    scroller.style.maxHeight = px(Math.max(260, rest < innerHeight / 2 ? innerHeight * 0.8 : rest));
  };

  /** @type {(element: HTMLElement, c: number) => void} */
  const place = (element, c) => {
    element.style.left = px(labelWidth + edges[c]);
    element.style.width = px(edges[c + 1] - edges[c]);
  };

  /** @param {string} text */
  const corner = text => {
    const element = el("div", { class: "corner", role: "columnheader", "aria-colindex": "1" }, text);
    element.style.width = px(labelWidth);
    return element;
  };

  /** @type {(from: number, to: number) => void} */
  const drawHead = (from, to) => {
    const kernels = el("div", { class: "row kernels", role: "row", "aria-rowindex": "1" }, corner("kernel"));
    const filesystems = el("div", { class: "row filesystems", role: "row", "aria-rowindex": "2" }, corner("filesystem"));
    kernels.style.height = px(kernelHeight);
    filesystems.style.height = px(line);
    for (let c = from; c < to; c++) {
      const { kernel, fs } = grid.columns[columns[c]];
      const first = c === 0 || grid.columns[columns[c - 1]].kernel !== kernel;
      if (first || c === from) {
        const [version, more] = grid.heads[kernel];
        let begin = c, end = c + 1;
        while (begin > 0 && grid.columns[columns[begin - 1]].kernel === kernel) begin--;
        while (end < columns.length && grid.columns[columns[end]].kernel === kernel) end++;
        const text = el("span", {}, el("span", { class: "version" }, version), more.startsWith(" ") ? " " : "", more ? el("span", { class: "package" }, more.trim()) : null);
        const name = el("div", { class: "kernel", role: "columnheader", "aria-colindex": String(begin + 2), "aria-colspan": String(end - begin), title: cells.kernels[kernel] }, text);
        name.style.left = px(labelWidth + edges[begin]);
        name.style.width = px(edges[end] - edges[begin]);
        text.style.left = px(labelWidth + 4);
        kernels.append(name);
      }
      const name = el("div", { class: "fs" + (first ? " first" : ""), role: "columnheader", "aria-colindex": String(c + 2), title: cells.kernels[kernel] + " " + cells.filesystems[fs] },
        el("span", {}, cells.filesystems[fs]));
      place(name, c);
      filesystems.append(name);
    }
    head.style.height = px(top());
    head.replaceChildren(kernels, filesystems);
  };

  /**
   * Counts, for each column, the cells of a folded row.
   * @param {Row} row
   */
  const tally = row => {
    if (!row.tally) {
      const shown = new Int32Array(grid.columns.length), bad = new Int32Array(grid.columns.length);
      for (const t of row.tests) {
        for (const c of columns) {
          const i = grid.at(t, c);
          if (i < 0 || !match[i]) continue;
          shown[c]++;
          bad[c] += grid.remarkable[i];
        }
      }
      row.tally = { shown, bad };
    }
    return row.tally;
  };

  /** @type {(row: Row, r: number, c: number) => HTMLElement | null} */
  const cellElement = (row, r, c) => {
    const column = columns[c];
    /** @type {HTMLElement} */
    let element;
    if (row.test >= 0) {
      const i = row.at(column);
      if (i < 0) return null;
      const standing = cells.standing[i];
      element = el("div", { class: "cell " + resultClass(cells.verdicts[cells.verdict[i]], cells.outcomes[cells.outcome[i]], cells.classes[cells.class[i]]) + (match[i] ? "" : " off") + (standing ? " " + standing : "") },
        el("a", { href: cellHref(i), tabindex: "-1", "aria-label": wordsOf(i) }, marksOf(i)));
    } else {
      if (row.open) return null;
      const { shown, bad } = tally(row);
      if (!shown[column]) return null;
      element = el("div", { class: "cell sum" + (bad[column] ? " c-violation" : ""), "aria-label": bad[column] ? bad[column] + " of " + counted(shown[column], "cell") + " need attention" : "· " + counted(shown[column], "cell") + ", no problems" },
        bad[column] ? String(bad[column]) : "·");
    }
    element.setAttribute("role", "gridcell");
    element.setAttribute("aria-colindex", String(c + 2));
    element.id = "cell-" + r + "-" + c;
    place(element, c);
    if (c === 0 || grid.columns[columns[c - 1]].kernel !== grid.columns[column].kernel) element.classList.add("first");
    return element;
  };

  /** @type {(r: number, from: number, to: number) => HTMLElement} */
  const rowElement = (r, from, to) => {
    const row = rows[r];
    const label = el("div", { class: "label", role: "rowheader", "aria-colindex": "1", title: row.title, id: "cell-" + r + "--1" },
      row.foldable ? el("span", { class: "fold", "aria-hidden": "true" }, row.open ? "▾" : "▸") : null, el("span", {}, row.label));
    label.style.width = px(labelWidth);
    label.style.paddingLeft = px(6 + 14 * row.depth + (row.foldable ? 0 : 12));
    if (row.foldable) label.setAttribute("aria-expanded", String(row.open));
    const element = el("div", { class: "row " + row.kind, role: "row", "aria-rowindex": String(r + 3), "data-row": String(r) }, label);
    element.style.top = px(r * rowHeight);
    for (let c = from; c < to; c++) {
      const cell = cellElement(row, r, c);
      if (cell) element.append(cell);
    }
    return element;
  };

  // draw creates the visible elements.
  const draw = () => {
    const rowFrom = Math.max(0, Math.floor(scroller.scrollTop / rowHeight) - beyond);
    const rowTo = Math.min(rows.length, Math.ceil((scroller.scrollTop + scroller.clientHeight) / rowHeight) + beyond);
    const from = Math.max(0, columnAt(edges, scroller.scrollLeft) - beyond);
    const to = Math.min(columns.length, columnAt(edges, scroller.scrollLeft + scroller.clientWidth - labelWidth) + 1 + beyond);
    // A short scroll stays within what is already drawn.
    const across = from + " " + to;
    if (drawn !== across) {
      drawHead(from, to);
      bodyRows.clear();
      body.replaceChildren();
      drawn = across;
    }
    for (const [r, element] of bodyRows) {
      if (r >= rowFrom && r < rowTo) continue;
      element.remove();
      bodyRows.delete(r);
    }
    const added = document.createDocumentFragment();
    for (let r = rowFrom; r < rowTo; r++) {
      if (bodyRows.has(r)) continue;
      const element = rowElement(r, from, to);
      bodyRows.set(r, element);
      added.append(element);
    }
    body.append(added);
    showActive();
  };

  const showActive = () => {
    for (const e of sheet.querySelectorAll(".active")) e.classList.remove("active");
    const { row, column } = active;
    const element = bodyRows.get(row)?.querySelector("#" + CSS.escape("cell-" + row + "-" + column)) ?? null;
    if (element) {
      element.classList.add("active");
      scroller.setAttribute("aria-activedescendant", element.id);
    } else {
      scroller.removeAttribute("aria-activedescendant");
    }
  };

  const redraw = () => {
    drawn = "";
    draw();
  };

  const layOut = () => {
    rows = tableRows(grid, columns, match, kept.toggled, full);
    measure();
    sheet.style.width = px(labelWidth + edges[columns.length]);
    sheet.style.height = px(top() + rows.length * rowHeight);
    body.style.height = px(rows.length * rowHeight);
    scroller.style.setProperty("--head", px(top()));
    scroller.setAttribute("aria-rowcount", String(rows.length + 2));
    scroller.setAttribute("aria-colcount", String(columns.length + 1));
    active.row = Math.max(0, Math.min(active.row, rows.length - 1));
    active.column = Math.max(-1, Math.min(active.column, columns.length - 1));
    redraw();
  };

  /** @param {Row | undefined} row */
  const toggle = row => {
    if (!row?.foldable) return;
    const at = row.key;
    if (!kept.toggled.delete(at)) kept.toggled.add(at);
    layOut();
    const again = rows.findIndex(r => r.key === at);
    if (again >= 0) active.row = again;
    showActive();
  };

  const reveal = () => {
    const { row, column } = active;
    const y = row * rowHeight, height = scroller.clientHeight - top() - rowHeight;
    if (y < scroller.scrollTop) scroller.scrollTop = y;
    else if (y > scroller.scrollTop + height) scroller.scrollTop = y - height;
    if (column >= 0) {
      const x = edges[column], width = scroller.clientWidth - labelWidth - (edges[column + 1] - x);
      if (x < scroller.scrollLeft) scroller.scrollLeft = x;
      else if (x > scroller.scrollLeft + width) scroller.scrollLeft = x - width;
    }
    draw();
  };

  /** @type {(row: number, column: number) => void} */
  const move = (row, column) => {
    active.row = Math.max(0, Math.min(rows.length - 1, row));
    active.column = Math.max(-1, Math.min(columns.length - 1, column));
    reveal();
  };

  const open = () => {
    const { row, column } = active, line = rows[row];
    if (!line) return;
    const i = column >= 0 && line.test >= 0 ? line.at(columns[column]) : -1;
    if (i >= 0) go(cellHref(i));
    else toggle(line);
  };

  scroller.addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const { row, column } = active, page = Math.max(1, Math.floor(scroller.clientHeight / rowHeight) - 4);
    /** @type {Record<string, [row: number, column: number]>} */
    const moves = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      PageUp: [row - page, column], PageDown: [row + page, column], Home: [row, -1], End: [row, columns.length - 1],
    };
    if (moves[e.key]) move(...moves[e.key]);
    else if (e.key === "Enter") open();
    else if (e.key === " ") toggle(rows[row]);
    else return;
    e.preventDefault();
  });
  scroller.addEventListener("click", e => {
    const target = /** @type {Element} */ (e.target), line = target.closest(".row[data-row]");
    if (!line) return;
    const r = Number(line.getAttribute("data-row")), cell = target.closest(".cell");
    active.row = r;
    active.column = cell ? Number(cell.getAttribute("aria-colindex")) - 2 : -1;
    if (!cell || cell.classList.contains("sum")) toggle(rows[r]);
    showActive();
  });
  // A cell's full name is built when the pointer is over it.
  scroller.addEventListener("pointerover", e => {
    const cell = /** @type {HTMLElement | null} */ (/** @type {Element} */ (e.target).closest(".cell"));
    if (!cell || cell.title) return;
    const row = rows[Number(cell.parentElement?.dataset.row)], column = columns[Number(cell.getAttribute("aria-colindex")) - 2];
    const i = row && row.test >= 0 ? row.at(column) : -1;
    if (i < 0) return;
    const { kernel, fs } = grid.columns[column];
    cell.title = cells.tests[cells.test[i]] + "\n" + cells.kernels[kernel] + " " + cells.filesystems[fs] + "\n" + wordsOf(i) + (cells.details[cells.detail[i]] ? "\n" + cells.details[cells.detail[i]] : "");
  });
  let waiting = false;
  scroller.addEventListener("scroll", () => {
    kept.top = scroller.scrollTop;
    kept.left = scroller.scrollLeft;
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (scroller.isConnected) draw();
    });
  }, { passive: true });
  const resized = new ResizeObserver(() => requestAnimationFrame(() => {
    if (updated && scroller.isConnected && sizeNow() !== size) layOut();
  }));
  resized.observe(document.documentElement);
  signal.addEventListener("abort", () => resized.disconnect());

  return {
    element: scroller,
    focus: () => scroller.focus({ preventScroll: true }),
    update(nextColumns, nextMatch, nextFull) {
      columns = nextColumns;
      match = nextMatch;
      full = nextFull;
      updated = true;
      layOut();
    },
    // restore scrolls to where the reader was, or to the cell that was shown
    // last. It reports whether there is one.
    restore() {
      scroller.scrollTop = kept.top ?? 0;
      scroller.scrollLeft = kept.left ?? 0;
      const i = kept.reached ? grid.find(...kept.reached) : -1;
      kept.reached = null;
      const row = i < 0 ? -1 : rows.findLastIndex(r => !r.open && r.tests.includes(cells.test[i]) || r.test === cells.test[i]);
      const column = i < 0 ? -1 : columns.indexOf(grid.columnOf[i]);
      if (row < 0 || column < 0) {
        draw();
        return false;
      }
      move(row, column);
      return true;
    },
    rows: () => rows,
  };
};
