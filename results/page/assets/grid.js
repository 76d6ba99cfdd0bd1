// The cells of a run as a table: the position of each cell, the rows, and which
// of them look the same.
// @ts-check
import { isFailing } from "./format.js";

const grids = new WeakMap();

// grid arranges a document of cells, once. It has
//   n          how many cells there are
//   columns    [{ kernel, fs }], indexes into the document's lists
//   planned    the columns that a run in progress is going to fill
//   columnOf   of each cell
//   heads      of each kernel its label, and what that leaves out, which follows it
//   at(test, column)         the cell there, or -1
//   find(kernel, fs, test)   by their names
//   look       of each cell a number, equal where two are drawn alike
//   skip       1 for cells that were skipped
//   bad, remarkable          1 for cells that make a run fail; for the problems: these, violations, infra, flaky cells and XPASS
export const gridOf = cells => {
  if (!grids.has(cells)) grids.set(cells, make(cells));
  return grids.get(cells);
};

const make = cells => {
  const n = cells.test.length, filesystems = cells.filesystems.length;
  const columns = [], planned = [], columnAt = new Int32Array(cells.kernels.length * filesystems).fill(-1);
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
  const extra = new Map(); // sparse properties: a number for each kind
  const number = text => {
    if (!extra.has(text)) extra.set(text, extra.size + 1);
    return extra.get(text);
  };
  for (const [i, flaky] of Object.entries(cells.flaky)) {
    look[i] += 1048576 * number("flaky " + flaky);
    remarkable[i] = 1;
  }
  for (const [i, standing] of Object.entries(cells.standing)) {
    look[i] += 1048576 * number(standing + " " + (cells.flaky[i] ?? ""));
    if (standing === "expected-fail") bad[i] = remarkable[i] = 0;
    else remarkable[i] = 1;
  }
  const grid = {
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
  return grid;
};

const suiteOf = test => {
  const name = test.split("/", 1)[0];
  return name.slice(0, name.lastIndexOf(".") + 1);
};
export const parentOf = test => test.split("/", 1)[0];

// familiesOf lists the families with their tests. A test of unknown family
// belongs to its suite.
const familiesOf = cells => {
  const byName = new Map();
  cells.tests.forEach((test, t) => {
    const name = cells.families[cells.family[t]] || suiteOf(test).replace(/\.$/, "") || "tests";
    if (!byName.has(name)) byName.set(name, []);
    byName.get(name).push(t);
  });
  return [...byName].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true })).map(([name, tests]) => ({ name, tests }));
};

/** What follows the label of a kernel whose package has this name: " 5.10.0-46", "+deb13". */
export const rest = (label, name) => !name ? "" : name.startsWith(label) ? name.slice(label.length) : " " + name;

// tableRows returns the rows for tests with a visible cell: families, tests,
// and subtests below their test. Subtests that look the same in all columns are
// one row; a skip looks like any other result. toggled has the keys of rows
// whose folding the user changed; full folds none by default.
//
//   { kind: "family" or "group" or "test", key, label, title, depth,
//     test: its cells or -1, tests: those below it, foldable, open,
//     at(column): the cell that the row shows, or -1 }
export const tableRows = (grid, columns, match, toggled, full = false) => {
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

// foremost is the cell that stands for those of alike tests: one that ran.
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

// alike is "same" if the tests look the same in all columns, "skips" if they do
// where they were not skipped, else empty.
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

// common is "suite.Test", or less if a name does not start with it.
const common = names => {
  const suite = suiteOf(names[0]);
  if (!names.every(n => n.startsWith(suite))) return "";
  return names.every(n => n.startsWith(suite + "Test") && !/^(\/|$)/.test(n.slice(suite.length + 4))) ? suite + "Test" : suite;
};
