// The widths of the matrix's columns. Names of filesystems are horizontal, and
// the version of a kernel is not cut: a part of it is another version.
// @ts-check

const least = 34, most = 72, mostName = 130; // px: of a column, of one with room to spare, of a name

// widthOf measures texts in the font of an element; a filter lays out at each
// key.
const rulers = new WeakMap();
const widthOf = element => {
  if (!rulers.has(element)) rulers.set(element, rulerOf(element));
  return rulers.get(element);
};

const rulerOf = element => {
  const { fontSize, fontFamily } = getComputedStyle(element), known = new Map();
  const pen = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  return (text, weight = 400) => {
    const key = weight + text;
    if (!known.has(key)) {
      pen.font = weight + " " + fontSize + " " + fontFamily;
      known.set(key, Math.ceil(pen.measureText(text).width));
    }
    return known.get(key);
  };
};

/**
 * Lays out columns of the grid in the font of an element, in a room of so many
 * px if they fit. edges are the left one of each and the right one of the last;
 * lines is how many the names of kernels take.
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

/** The column at x px, by bisection: there can be hundreds. */
export const columnAt = (edges, x) => {
  let low = 0, high = edges.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle + 1] > x) high = middle;
    else low = middle + 1;
  }
  return low;
};
