// What is on screen now, for shortcuts and printing, and what is kept of a run
// while another view is shown.
// @ts-check

/** @typedef {[kernel: string, fs: string, test: string]} CellName */

/** @type {{ matrix: { bar: { focus(): void } | null, matrix: { focus(): void } } | null, cell: { back: string, before: string, after: string } | null, print: (() => Element) | null }} */
export const current = { matrix: null, cell: null, print: null };

/**
 * @typedef {object} Kept the state of a run's matrix
 * @property {Set<string>} toggled the rows whose folding the user changed
 * @property {boolean} full whether subtests are expanded
 * @property {{ row: number, column: number }} [active]
 * @property {number} [top]
 * @property {number} [left]
 * @property {CellName | null} [reached] the cell that was shown last: there the matrix continues
 * @property {string} [focus] the control that has the focus again when the matrix is drawn anew
 */

/** @type {Map<string, Kept>} */
const kept = new Map();
/** @type {(run: string) => Kept} */
export const keptOf = run => {
  let state = kept.get(run);
  if (!state) kept.set(run, state = { toggled: new Set(), full: false });
  return state;
};
