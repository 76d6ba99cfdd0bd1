// Time by phase, as bars with figures.
// @ts-check
import { el, svg } from "./dom.js";
import { formatMS } from "./format.js";

const known = ["queue", "spawn", "restore", "boot", "agent", "test", "collect"];
/** @param {string} name */
const phaseClass = name => known.includes(name) ? "t-" + name : "t-other";
/** @param {string} name */
const swatch = name => svg("svg", { width: "12", height: "12", "aria-hidden": "true" }, svg("rect", { class: phaseClass(name), width: "12", height: "12" }));

/**
 * Draws the pieces of a bar that whole ms would fill.
 * @type {(pieces: doc.Phase[], whole: number, text: string) => SVGElement}
 */
const bar = (pieces, whole, text) => {
  let x = 0;
  return svg("svg", { class: "bar", viewBox: "0 0 10000 400", preserveAspectRatio: "none", role: "img", "aria-label": text }, pieces.map(({ name, ms }) => {
    const width = 10000 * ms / whole;
    x += width;
    return svg("rect", { class: phaseClass(name), x: String(x - width), width: String(width), height: "400" }, svg("title", {}, name + " " + formatMS(ms)));
  }));
};

/**
 * The time of one attempt.
 * @param {doc.Phase[]} timing
 */
export const phaseBar = timing => {
  const spent = timing.filter(p => p.name !== "queue"), total = spent.reduce((sum, p) => sum + p.ms, 0);
  const text = timing.map(p => p.name + " " + formatMS(p.ms)).join(", ");
  return el("div", { class: "times" }, total > 0 ? bar(spent, total, text) : null,
    el("ul", { class: "key" }, timing.map(p => el("li", {}, swatch(p.name), " " + p.name + " " + formatMS(p.ms) + (p.name === "queue" ? " (not in the bar)" : "")))));
};

/**
 * The time of a run, by kernel and filesystem; null if it was not stored.
 * @param {doc.Times} times
 */
export const timeBars = ({ phases, rows }) => {
  if (!rows.length) return null;
  const longest = Math.max(...rows.map(row => row.total_ms), 1);
  return el("div", { class: "times" },
    el("p", {}, "Seconds per phase, summed over all attempts (median per attempt), without time spent in the queue."),
    el("ul", { class: "key" }, phases.map(p => el("li", {}, swatch(p.name), " " + p.name + ": " + p.doc))),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Time by phase" }, el("table", { class: "list" },
      el("thead", {}, el("tr", {}, ["kernel, filesystem", "total", "phases", ...phases.map(p => p.name)].map(name => el("th", { scope: "col" }, name)))),
      el("tbody", {}, rows.map(row => {
        const pieces = row.phases.map((used, i) => ({ name: phases[i].name, ms: used.sum_ms }));
        return el("tr", {}, el("th", { scope: "row" }, row.kernel + " " + row.fs), el("td", {}, (row.total_ms / 1000).toFixed(1) + " s"),
          el("td", {}, bar(pieces, longest, pieces.map(p => p.name + " " + formatMS(p.ms)).join(", "))),
          row.phases.map(used => el("td", {}, used.attempts ? (used.sum_ms / 1000).toFixed(1) + " (" + formatMS(used.median_ms) + ")" : "")));
      })))));
};
