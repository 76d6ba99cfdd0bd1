// The cells of a run as a table: the position of each cell, the rows, and which
// of them look the same.
// @ts-check
import { isFailing } from "./format.js";

/**
 * @typedef {object} Grid the cells of a document, arranged
 * @property {doc.Cells} cells
 * @property {number} n how many cells there are
 * @property {{ kernel: number, fs: number }[]} columns indexes into the document's lists
 * @property {number[]} planned the columns that a run in progress is going to fill
 * @property {Int32Array} columnOf of each cell
 * @property {[label: string, rest: string][]} heads of each kernel its label, and what that leaves out, which follows it
 * @property {(test: number, column: number) => number} at the cell there, or -1
 * @property {(kernel: string, fs: string, test: string) => number} find the cell with these names, or -1
 * @property {Float64Array} look of each cell a number, equal where two are drawn alike
 * @property {Uint8Array} skip 1 for cells that were skipped
 * @property {Uint8Array} bad 1 for cells that make a run fail
 * @property {Uint8Array} remarkable 1 for the problems: bad ones, violations, infra, flaky cells and XPASS
 * @property {Family[]} families
 * @property {Int32Array} [familyOf] of each test, set by filters
 * @property {Uint8Array} [traits] of each cell, set by filters
 * @property {Uint8Array} [control] of each cell, set by filters
 *
 * @typedef {{ name: string, tests: number[] }} Family tests by index
 *
 * @typedef {object} Row
 * @property {"family" | "group" | "test"} kind
 * @property {string} key
 * @property {string} label
 * @property {string} title
 * @property {number} depth
 * @property {number} test whose cells the row shows, or -1
 * @property {number[]} tests those below it
 * @property {boolean} foldable
 * @property {boolean} open
 * @property {(column: number) => number} at the cell that the row shows, or -1
 * @property {{ shown: Int32Array, bad: Int32Array }} [tally] of a folded row, set by the matrix
 */

/** @type {WeakMap<doc.Cells, Grid>} */
const grids = new WeakMap();

/**
 * Arranges a document of cells, once.
 * @type {(cells: doc.Cells) => Grid}
 */
export const gridOf = cells => {
  const grid = grids.get(cells) ?? make(cells);
  grids.set(cells, grid);
  return grid;
};

/** @type {(cells: doc.Cells) => Grid} */
const make = cells => {
  const n = cells.test.length, filesystems = cells.filesystems.length;
  const columns = [], columnAt = new Int32Array(cells.kernels.length * filesystems).fill(-1);
  /** @type {number[]} */
  const planned = [];
  for (let i = 0; i < n; i++) columnAt[cells.kernel[i] * filesystems + cells.filesystem[i]] = 0;
  const plannedAt = new Set(cells.planned_kernel.map((kernel, j) => kernel * filesystems + cells.planned_filesystem[j]));
  for (const p of plannedAt) columnAt[p] = 0;
  for (let p = 0; p < columnAt.length; p++) {
    if (columnAt[p] < 0) continue;
    columnAt[p] = columns.length;
    if (plannedAt.has(p)) planned.push(columns.length);
    columns.push({ kernel: Math.floor(p / filesystems), fs: p % filesystems });
  }
  const places = new Int32Array(cells.tests.length * columns.length).fill(-1);
  const columnOf = new Int32Array(n), look = new Float64Array(n);
  const bad = new Uint8Array(n), remarkable = new Uint8Array(n), skip = new Uint8Array(n);
  const badVerdict = cells.verdicts.map(v => isFailing(v, ""));
  const infra = cells.verdicts.indexOf("infra"), skipped = cells.verdicts.indexOf("skip"), violation = cells.classes.indexOf("violation");
  for (let i = 0; i < n; i++) {
    const column = columnAt[cells.kernel[i] * filesystems + cells.filesystem[i]];
    columnOf[i] = column;
    places[cells.test[i] * columns.length + column] = i;
    look[i] = (cells.verdict[i] * 16 + cells.class[i]) * 256 + cells.outcome[i];
    skip[i] = cells.verdict[i] === skipped ? 1 : 0;
    bad[i] = badVerdict[cells.verdict[i]] ? 1 : 0;
    remarkable[i] = bad[i] || cells.verdict[i] === infra || cells.class[i] === violation ? 1 : 0;
  }
  /** @type {Map<string, number>} sparse properties: a number for each kind */
  const extra = new Map();
  /** @param {string} text */
  const number = text => {
    const known = extra.get(text) ?? extra.size + 1;
    extra.set(text, known);
    return known;
  };
  for (const [key, flaky] of Object.entries(cells.flaky)) {
    const i = Number(key);
    look[i] += 1048576 * number("flaky " + flaky);
    remarkable[i] = 1;
  }
  for (const [key, standing] of Object.entries(cells.standing)) {
    const i = Number(key);
    look[i] += 1048576 * number(standing + " " + (cells.flaky[i] ?? ""));
    if (standing === "expected-fail") bad[i] = remarkable[i] = 0;
    else remarkable[i] = 1;
  }
  return {
    cells, n, columns, planned, columnOf, look, skip, bad, remarkable,
    at: (test, column) => places[test * columns.length + column],
    find(kernel, fs, test) {
      const k = cells.kernels.indexOf(kernel), f = cells.filesystems.indexOf(fs), t = cells.tests.indexOf(test);
      if (k < 0 || f < 0 || t < 0) return -1;
      const column = columnAt[k * filesystems + f];
      return column < 0 ? -1 : places[t * columns.length + column];
    },
    families: familiesOf(cells),
    heads: cells.labels.map((label, k) => [label, rest(label, cells.packages[k])]),
  };
};

/** @param {string} test */
const suiteOf = test => {
  const name = test.split("/", 1)[0];
  return name.slice(0, name.lastIndexOf(".") + 1);
};
/** @param {string} test */
export const parentOf = test => test.split("/", 1)[0];

/**
 * Lists the families with their tests. A test of unknown family belongs to its
 * suite.
 * @type {(cells: doc.Cells) => Family[]}
 */
const familiesOf = cells => {
  /** @type {Map<string, number[]>} */
  const byName = new Map();
  cells.tests.forEach((test, t) => {
    const name = cells.families[cells.family[t]] || suiteOf(test).replace(/\.$/, "") || "tests";
    const tests = byName.get(name);
    if (tests) tests.push(t);
    else byName.set(name, [t]);
  });
  return [...byName].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true })).map(([name, tests]) => ({ name, tests }));
};

/**
 * What follows the label of a kernel whose package has this name: " 5.10.0-46", "+deb13".
 * @type {(label: string, name: string) => string}
 */
export const rest = (label, name) => !name ? "" : name.startsWith(label) ? name.slice(label.length) : " " + name;

/**
 * The rows for tests with a visible cell: families, tests, and subtests below
 * their test. Subtests that look the same in all columns are one row; a skip
 * looks like any other result.
 * @param {Grid} grid
 * @param {number[]} columns
 * @param {Uint8Array} match 1 for each cell that is visible
 * @param {Set<string>} toggled the keys of rows whose folding the user changed
 * @param {boolean} full folds none by default
 */
export const tableRows = (grid, columns, match, toggled, full = false) => {
  /** @type {Row[]} */
  const rows = [];
  for (const family of grid.families) {
    const shown = family.tests.filter(t => columns.some(c => {
      const i = grid.at(t, c);
      return i >= 0 && match[i];
    }));
    if (!shown.length) continue;
    const key = "family " + family.name, open = !toggled.has(key);
    const heading = grid.families.length > 1;
    if (heading) rows.push({ kind: "family", key, label: family.name, title: family.name, depth: 0, test: -1, tests: shown, foldable: true, open, at: nothing });
    if (heading && !open) continue;
    groups(rows, grid, shown, columns, match, toggled, full, heading ? 1 : 0);
  }
  return rows;
};

/** @type {(rows: Row[], grid: Grid, tests: number[], columns: number[], match: Uint8Array, toggled: Set<string>, full: boolean, depth: number) => void} */
const groups = (rows, grid, tests, columns, match, toggled, full, depth) => {
  const names = grid.cells.tests, prefix = common(tests.map(t => names[t]));
  for (let from = 0; from < tests.length;) {
    const parent = parentOf(names[tests[from]]);
    let to = from + 1;
    while (to < tests.length && parentOf(names[tests[to]]) === parent) to++;
    const group = tests.slice(from, to);
    from = to;
    const label = parent.slice(prefix.length);
    if (group.length === 1) {
      const name = names[group[0]];
      rows.push({ kind: "test", key: name, label: name.slice(prefix.length), title: name, depth, test: group[0], tests: group, foldable: false, open: false, at: c => grid.at(group[0], c) });
      continue;
    }
    const same = full ? "" : alike(grid, group, columns, match);
    const open = (same !== "") === toggled.has(parent);
    if (!open) {
      rows.push({ kind: "group", key: parent, label: label + (same ? " (" + group.length + (same === "skips" ? " alike but for skips)" : " identical)") : " (" + group.length + ")"), title: parent, depth,
        test: same ? group[0] : -1, tests: group, foldable: true, open, at: same ? c => foremost(grid, group, c) : nothing });
      continue;
    }
    const own = names[group[0]] === parent; // itself a cell, besides its subtests
    rows.push({ kind: "group", key: parent, label, title: parent, depth, test: own ? group[0] : -1, tests: group, foldable: true, open, at: own ? c => grid.at(group[0], c) : nothing });
    for (const t of own ? group.slice(1) : group) {
      rows.push({ kind: "test", key: names[t], label: names[t].slice(parent.length + 1), title: names[t], depth: depth + 1, test: t, tests: [t], foldable: false, open: false, at: c => grid.at(t, c) });
    }
  }
};

/** @type {(column: number) => number} */
const nothing = () => -1;

/**
 * The cell that stands for those of alike tests: one that ran.
 * @type {(grid: Grid, tests: number[], column: number) => number}
 */
const foremost = (grid, tests, c) => {
  const first = grid.at(tests[0], c);
  if (first >= 0 && grid.skip[first]) {
    for (const t of tests) {
      const i = grid.at(t, c);
      if (i >= 0 && !grid.skip[i]) return i;
    }
  }
  return first;
};

/**
 * "same" if the tests look the same in all columns, "skips" if they do where they
 * were not skipped, else empty.
 * @type {(grid: Grid, tests: number[], columns: number[], match: Uint8Array) => string}
 */
const alike = (grid, tests, columns, match) => {
  let how = "same";
  for (const c of columns) {
    const first = foremost(grid, tests, c);
    for (const t of tests) {
      const i = grid.at(t, c);
      if (first < 0 || i < 0) {
        if (first !== i) return "";
      } else if (grid.look[i] !== grid.look[first]) {
        // A skip that was asked for must not hide behind a cell that was not.
        if (!grid.skip[i] || match[i] && !match[first]) return "";
        how = "skips";
      } else if (match[i] !== match[first]) {
        return "";
      }
    }
  }
  return how;
};

/**
 * "suite.Test", or less if a name does not start with it.
 * @param {string[]} names
 */
const common = names => {
  const suite = suiteOf(names[0]);
  if (!names.every(n => n.startsWith(suite))) return "";
  return names.every(n => n.startsWith(suite + "Test") && !/^(\/|$)/.test(n.slice(suite.length + 4))) ? suite + "Test" : suite;
};
