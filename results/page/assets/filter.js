// Which cells are shown: the filter in the URL, the matching cells, and how
// many cells each choice has.
// @ts-check
import { parentOf } from "./grid.js";

/**
 * @typedef {"kernel" | "fs" | "family" | "test" | "class" | "verdict" | "outcome"} List
 * @typedef {Record<List, Set<string>> & { q: string, problems: boolean, policy: string }} Filter
 *   names, of which none means all; words; whether only cells that need attention
 *   are shown; the policy by which the cells are judged, the run's own if empty. A
 *   test is named without its subtests.
 *
 * @typedef {object} Filtered
 * @property {Uint8Array} match 1 for each cell that is shown
 * @property {number} shown how many there are
 * @property {Map<string, number>} verdicts name → how many cells this choice of verdict would show
 * @property {Map<string, number>} classes the same of classes
 * @property {Map<string, number>} outcomes the same of outcomes
 * @property {number[]} columns those with a cell that is shown
 */

/** @type {List[]} */
const lists = ["kernel", "fs", "family", "test", "class", "verdict", "outcome"];

// Values of verdict= besides the verdicts: properties that a cell has in
// addition to its verdict.
export const besideVerdicts = ["flaky", "expected-fail", "unexpected-pass"];

/**
 * Parses a filter from URL parameters.
 * @type {(params: URLSearchParams) => Filter}
 */
export const parseFilter = params => {
  /** @param {List} name */
  const of = name => new Set(params.getAll(name));
  return {
    kernel: of("kernel"), fs: of("fs"), family: of("family"), test: of("test"), class: of("class"), verdict: of("verdict"), outcome: of("outcome"),
    q: params.get("q") ?? "", problems: params.has("problems"), policy: params.get("policy") ?? "",
  };
};

/**
 * The URL parameters of a filter.
 * @param {Filter} filter
 */
export const filterParams = filter => {
  const params = new URLSearchParams();
  for (const name of lists) for (const value of filter[name]) params.append(name, value);
  if (filter.q.trim()) params.set("q", filter.q.trim());
  if (filter.problems) params.set("problems", "");
  if (filter.policy) params.set("policy", filter.policy);
  return params;
};

/**
 * A filter that shows every cell, judged in the same way.
 * @type {(filter: { policy: string } | null) => Filter}
 */
export const unfiltered = filter => ({ ...parseFilter(new URLSearchParams()), policy: filter?.policy ?? "" });

/** @param {Filter} filter */
export const isFiltered = filter => filter.q.trim() !== "" || filter.problems || lists.some(name => filter[name].size > 0);

/** @typedef {import("./grid.js").Grid} Grid */

/**
 * "none" is the outcome of cells without one.
 * @param {string} outcome
 */
const outcomeName = outcome => outcome || "none";

/**
 * Maps each test to its index in grid.families.
 * @param {Grid} grid
 */
const familyOfTests = grid => {
  if (!grid.familyOf) {
    const familyOf = grid.familyOf = new Int32Array(grid.cells.tests.length);
    grid.families.forEach((family, i) => { for (const t of family.tests) familyOf[t] = i; });
  }
  return grid.familyOf;
};

/** @type {WeakMap<string[], string[]>} */
const lower = new WeakMap();
/** @type {(list: string[], word: string) => Uint8Array} */
const having = (list, word) => {
  const texts = lower.get(list) ?? list.map(text => text.toLowerCase());
  lower.set(list, texts);
  return Uint8Array.from(texts, text => text.includes(word) ? 1 : 0);
};
/** @type {(names: string[], set: Set<string>) => Uint8Array} */
const chosen = (names, set) => Uint8Array.from(names, name => set.size === 0 || set.has(name) ? 1 : 0);

/**
 * A bit for each property shown with a cell's verdict.
 * @param {Grid} grid
 */
const traits = grid => {
  if (!grid.traits) {
    grid.traits = new Uint8Array(grid.n);
    for (const i of Object.keys(grid.cells.flaky)) grid.traits[Number(i)] |= 1;
    for (const [i, standing] of Object.entries(grid.cells.standing)) grid.traits[Number(i)] |= standing === "expected-fail" ? 2 : 4;
  }
  return grid.traits;
};

/**
 * A 1 for each cell of a control that passed: its outcome is known by
 * construction, and is neither counted nor found as one of a kernel.
 * @param {Grid} grid
 */
const controlOf = grid => {
  if (!grid.control) {
    const tests = new Uint8Array(grid.cells.tests.length), pass = grid.cells.classes.indexOf("pass");
    for (const t of grid.cells.controls) tests[t] = 1;
    grid.control = Uint8Array.from(grid.cells.test, (t, i) => tests[t] && grid.cells.class[i] === pass ? 1 : 0);
  }
  return grid.control;
};

/** @type {(grid: Grid, filter: Filter) => Filtered} */
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
    verdicts: countsOf([...cells.verdicts, ...besideVerdicts], [...verdictCounts, ...besideCounts]),
    classes: countsOf(cells.classes, classCounts), outcomes: countsOf(cells.outcomes.map(outcomeName), outcomeCounts),
  };
};

/** @type {(names: string[], counts: ArrayLike<number>) => Map<string, number>} */
const countsOf = (names, counts) => new Map(names.map((name, i) => [name, counts[i]]));
