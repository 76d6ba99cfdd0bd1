// Which cells are shown: the filter in the URL, the matching cells, and how
// many cells each choice has.
// @ts-check
import { parentOf } from "./grid.js";

const lists = ["kernel", "fs", "family", "test", "class", "verdict", "outcome"];

// Values of verdict= besides the verdicts: properties that a cell has in
// addition to its verdict.
export const besideVerdicts = ["flaky", "expected-fail", "unexpected-pass"];

// parseFilter parses a filter from URL parameters: { kernel, fs, family,
// test, class, verdict, outcome: Set of names; q: words; problems: whether only
// cells that need attention are shown; policy: by which the cells are judged,
// the run's own if empty }. A test is named without its subtests.
/** @type {(params: URLSearchParams) => any} */
export const parseFilter = params => {
  const filter = { q: params.get("q") ?? "", problems: params.has("problems"), policy: params.get("policy") ?? "" };
  for (const name of lists) filter[name] = new Set(params.getAll(name));
  return filter;
};

// filterParams returns the URL parameters of a filter.
export const filterParams = filter => {
  const params = new URLSearchParams();
  for (const name of lists) for (const value of filter[name]) params.append(name, value);
  if (filter.q.trim()) params.set("q", filter.q.trim());
  if (filter.problems) params.set("problems", "");
  if (filter.policy) params.set("policy", filter.policy);
  return params;
};

// unfiltered is a filter that shows every cell, judged in the same way.
export const unfiltered = filter => ({ ...parseFilter(new URLSearchParams()), policy: filter?.policy ?? "" });

export const isFiltered = filter => filter.q.trim() !== "" || filter.problems || lists.some(name => filter[name].size > 0);

// "none" is the outcome of cells without one.
const outcomeName = outcome => outcome || "none";

// familyOfTests maps each test to its index in grid.families.
const familyOfTests = grid => {
  if (!grid.familyOf) {
    grid.familyOf = new Int32Array(grid.cells.tests.length);
    grid.families.forEach((family, i) => { for (const t of family.tests) grid.familyOf[t] = i; });
  }
  return grid.familyOf;
};

const lower = new WeakMap();
const having = (list, word) => {
  if (!lower.has(list)) lower.set(list, list.map(text => text.toLowerCase()));
  return Uint8Array.from(lower.get(list), text => text.includes(word) ? 1 : 0);
};
const chosen = (names, set) => Uint8Array.from(names, name => set.size === 0 || set.has(name) ? 1 : 0);

// traits has a bit for each property shown with a cell's verdict.
const traits = grid => {
  if (!grid.traits) {
    grid.traits = new Uint8Array(grid.n);
    for (const i of Object.keys(grid.cells.flaky)) grid.traits[i] |= 1;
    for (const [i, standing] of Object.entries(grid.cells.standing)) grid.traits[i] |= standing === "expected-fail" ? 2 : 4;
  }
  return grid.traits;
};

// controlOf has a 1 for each cell of a control that passed: its outcome is known
// by construction, and is neither counted nor found as one of a kernel.
const controlOf = grid => {
  if (!grid.control) {
    const tests = new Uint8Array(grid.cells.tests.length), pass = grid.cells.classes.indexOf("pass");
    for (const t of grid.cells.controls) tests[t] = 1;
    grid.control = Uint8Array.from(grid.cells.test, (t, i) => tests[t] && grid.cells.class[i] === pass ? 1 : 0);
  }
  return grid.control;
};

// applyFilter returns
//   match      1 for each cell that is shown
//   shown      how many there are
//   verdicts   name → how many cells this choice of verdict would show
//   outcomes, classes   the same of outcomes and classes
//   columns    those with a cell that is shown
export const applyFilter = (grid, filter) => {
  const { cells, n } = grid;
  const kernel = chosen(cells.kernels, filter.kernel), fs = chosen(cells.filesystems, filter.fs);
  const family = chosen(grid.families.map(f => f.name), filter.family), familyOf = familyOfTests(grid);
  const test = Uint8Array.from(cells.tests, (name, t) => family[familyOf[t]] && (filter.test.size === 0 || filter.test.has(parentOf(name))) ? 1 : 0);
  const klass = chosen(cells.classes, filter.class);
  const verdict = chosen(cells.verdicts, filter.verdict), outcome = chosen(cells.outcomes.map(outcomeName), filter.outcome);
  let wanted = 0;
  besideVerdicts.forEach((name, bit) => { if (filter.verdict.has(name)) wanted |= 1 << bit; });
  const words = filter.q.toLowerCase().split(/\s+/).filter(Boolean).map(word => ({
    kernel: having(cells.kernels, word), fs: having(cells.filesystems, word), test: having(cells.tests, word), detail: having(cells.details, word),
  }));
  const trait = traits(grid), control = controlOf(grid), anyOutcome = filter.outcome.size === 0;
  const match = new Uint8Array(n), inColumn = new Uint8Array(grid.columns.length);
  const classCounts = new Int32Array(cells.classes.length), verdictCounts = new Int32Array(cells.verdicts.length), outcomeCounts = new Int32Array(cells.outcomes.length);
  const besideCounts = [0, 0, 0];
  let shown = 0;
  cell: for (let i = 0; i < n; i++) {
    const k = cells.kernel[i], f = cells.filesystem[i], t = cells.test[i], d = cells.detail[i], v = cells.verdict[i], o = cells.outcome[i];
    if (!(kernel[k] && fs[f] && test[t]) || filter.problems && !grid.remarkable[i]) continue;
    for (const word of words) {
      if (!(word.kernel[k] || word.fs[f] || word.test[t] || word.detail[d])) continue cell;
    }
    const byVerdict = verdict[v] || (trait[i] & wanted) !== 0, byOutcome = outcome[o] && (anyOutcome || !control[i]), byClass = klass[cells.class[i]];
    if (byVerdict && byOutcome) classCounts[cells.class[i]]++;
    if (byOutcome && byClass) {
      verdictCounts[v]++;
      if (trait[i]) for (let bit = 0; bit < besideVerdicts.length; bit++) if (trait[i] & 1 << bit) besideCounts[bit]++;
    }
    if (byVerdict && byClass && !control[i]) outcomeCounts[o]++;
    if (byVerdict && byOutcome && byClass) {
      match[i] = 1;
      inColumn[grid.columnOf[i]] = 1;
      shown++;
    }
  }
  // What is not there yet has no result by which it could be left out.
  if (!isFiltered({ ...filter, kernel: new Set(), fs: new Set() })) {
    for (const c of grid.planned) if (kernel[grid.columns[c].kernel] && fs[grid.columns[c].fs]) inColumn[c] = 1;
  }
  const columns = [];
  for (let c = 0; c < inColumn.length; c++) if (inColumn[c]) columns.push(c);
  return {
    match, shown, columns,
    verdicts: new Map([...cells.verdicts.map((name, i) => [name, verdictCounts[i]]), ...besideVerdicts.map((name, i) => [name, besideCounts[i]])]),
    classes: new Map(cells.classes.map((name, i) => [name, classCounts[i]])),
    outcomes: new Map(cells.outcomes.map((name, i) => [outcomeName(name), outcomeCounts[i]])),
  };
};
