// What a test does, as "splicelab tests show" tells it, and where in its run the
// result of a cell begins and ends.
// @ts-check
import { el } from "./dom.js";

/**
 * The text with the words that cite a publication as a link to it.
 * @type {(text: string, refs: doc.Reference[]) => (string | Node)[]}
 */
const cited = (text, refs) => {
  /** @type {(string | Node)[]} */
  const parts = [];
  let rest = text;
  for (;;) {
    const found = refs.map(ref => ({ ref, at: rest.indexOf(ref.cited) })).filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at)[0];
    if (!found) return [...parts, rest];
    parts.push(rest.slice(0, found.at), el("a", { href: found.ref.url }, found.ref.cited));
    rest = rest.slice(found.at + found.ref.cited.length);
  }
};

/**
 * What the test does; empty if the document does not say.
 * @param {doc.About} about
 */
export const aboutSection = about => about.doc || about.steps.length ? el("section", { class: "about" },
  el("h2", {}, "The test" + (about.number ? " (" + about.number + ")" : "")),
  about.doc ? el("p", {}, cited(about.doc, about.refs)) : null,
  about.steps.length ? [el("h3", {}, "Steps"), el("ol", {}, about.steps.map(step => el("li", {}, cited(step, about.refs))))] : null,
  about.oracle ? [el("h3", {}, "Oracle"), el("p", {}, cited(about.oracle, about.refs))] : null,
  about.known.length ? [el("h3", {}, "Known"), el("ul", {}, about.known.map(known => el("li", {}, cited(known, about.refs))))] : null,
  about.refs.map(ref => el("p", { class: "ref" }, ref.cited + ": ", el("a", { href: ref.url }, ref.subject), ", " + ref.date))) : el("div", {});

/**
 * The first and the last kernel of the run on which this test and filesystem
 * have the result of the i-th cell; empty if there is only this kernel.
 * @type {(grid: import("./grid.js").Grid, i: number) => string}
 */
export const outcomeRange = (grid, i) => {
  const { cells } = grid;
  if (i < 0 || cells.kernels.length < 2) return "";
  const same = cells.kernels.filter((_, kernel) => {
    const column = grid.columns.findIndex(c => c.kernel === kernel && c.fs === cells.filesystem[i]);
    const j = column < 0 ? -1 : grid.at(cells.test[i], column);
    return j >= 0 && cells.outcome[j] === cells.outcome[i] && (cells.outcome[i] > 0 || cells.verdict[j] === cells.verdict[i]);
  });
  if (same.length < 2) return "only on " + cells.kernels[cells.kernel[i]];
  return "first on " + same[0] + ", last on " + same[same.length - 1] + ", on " + same.length + " of " + cells.kernels.length + " kernels";
};
