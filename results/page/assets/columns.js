// The widths of the matrix's columns. Names of filesystems are horizontal, and
// the version of a kernel is not cut: a part of it is another version.
// @ts-check

const least = 34, most = 72, mostName = 130; // px: of a column, of one with room to spare, of a name

/** @typedef {(text: string, weight?: number) => number} Ruler the width of a text in px */

/** @type {WeakMap<Element, Ruler>} */
const rulers = new WeakMap();
/**
 * Measures texts in the font of an element; a filter lays out at each key.
 * @type {(element: Element) => Ruler}
 */
const widthOf = element => {
  const ruler = rulers.get(element) ?? rulerOf(element);
  rulers.set(element, ruler);
  return ruler;
};

/** @type {(element: Element) => Ruler} */
const rulerOf = element => {
  const { fontSize, fontFamily } = getComputedStyle(element);
  /** @type {Map<string, number>} */
  const known = new Map();
  const pen = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  return (text, weight = 400) => {
    const key = weight + text;
    let width = known.get(key);
    if (width === undefined) {
      pen.font = weight + " " + fontSize + " " + fontFamily;
      width = Math.ceil(pen.measureText(text).width);
      known.set(key, width);
    }
    return width;
  };
};

/**
 * Lays out columns of the grid in the font of an element, in a room of so many
 * px if they fit. edges are the left one of each and the right one of the last;
 * lines is how many the names of kernels take.
 * @param {import("./grid.js").Grid} grid
 * @param {number[]} columns
 * @param {Element} element
 * @param {number} room
 */
export const layColumns = (grid, columns, element, room) => {
  const width = widthOf(element), { filesystems } = grid.cells;
  const widths = columns.map(c => Math.max(least, Math.min(mostName, width(filesystems[grid.columns[c].fs]) + 10)));
  const spare = columns.length ? Math.floor((room - widths.reduce((sum, w) => sum + w, 0)) / columns.length) : 0;
  for (let c = 0; spare > 0 && c < widths.length; c++) widths[c] = Math.max(widths[c], Math.min(most, widths[c] + spare));
  let lines = 1;
  for (let from = 0; from < columns.length;) {
    let to = from, band = 0;
    const { kernel } = grid.columns[columns[from]];
    for (; to < columns.length && grid.columns[columns[to]].kernel === kernel; to++) band += widths[to];
    const [version, more] = grid.heads[kernel], [first, second] = [width(version, 600) + 14, width(more.trim()) + 14];
    const missing = Math.max(first, Math.min(mostName, second)) - band;
    if (missing > 0) for (let c = from; c < to; c++) widths[c] += Math.ceil(missing / (to - from));
    if (more && width(version, 600) + width(more) + 14 > Math.max(band, band + missing)) lines = 2;
    from = to;
  }
  const edges = new Float64Array(columns.length + 1);
  widths.forEach((w, c) => { edges[c + 1] = edges[c] + w; });
  return { edges, lines };
};

/**
 * The column at x px, by bisection: there can be hundreds.
 * @type {(edges: Float64Array, x: number) => number}
 */
export const columnAt = (edges, x) => {
  let low = 0, high = edges.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle + 1] > x) high = middle;
    else low = middle + 1;
  }
  return low;
};
