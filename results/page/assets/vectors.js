// The policy vectors: the answers of each source and sink to the probes.
// @ts-check
import { el } from "./dom.js";
import { outcomeClass } from "./format.js";

/**
 * An answer that names an outcome has its colour; others have none.
 * @param {string} answer
 */
const kind = answer => {
  const style = outcomeClass(answer.split(" ", 1)[0]);
  return style === "o-unknown" ? "" : style;
};

/**
 * A table for each kernel, or null without vectors.
 * @param {doc.Vectors} vectors
 */
export const vectorTables = ({ probes, kernels }) => kernels.length === 0 ? null : el("div", {},
  el("p", {}, probes.map(p => p.name + " " + p.asks).join(" · ") + " · fits: policies consistent with every answer: 0 document, 1 copy, 2 steal, 3 copy on write, 4 block"),
  kernels.map(({ kernel, rows }) => el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Policy vectors of " + kernel }, el("table", { class: "list" }, el("caption", {}, kernel),
    el("thead", {}, el("tr", {}, ["source", "sink", "filesystems"].map(name => el("th", { scope: "col" }, name)),
      probes.map(p => el("th", { scope: "col", title: p.asks }, p.name)), el("th", { scope: "col" }, "fits"))),
    el("tbody", {}, rows.map(row => el("tr", {}, el("th", { scope: "row" }, row.source), el("td", {}, row.sink), el("td", {}, row.filesystems.join(", ")),
      row.answers.map(answer => el("td", { class: kind(answer) }, answer)), el("td", {}, row.fits || row.verdict + (row.verdict === "pass" || !row.detail ? "" : ": " + row.detail)))))))));
