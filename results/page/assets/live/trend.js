// How violations and deviations changed from run to run: three strips of bars
// over the same runs, each with its own scale, and the same numbers as a table.
// @ts-check
import { routeHref } from "../app.js";
import { el, svg } from "../dom.js";
import { counted, when } from "../format.js";

/** @typedef {{ name: string, noun: string, style: string, of: (run: doc.TrendRun) => number }} Series */

/** @type {Series[]} */
const series = [
  { name: "violations", noun: "violation", style: "c-violation", of: run => run.violations },
  { name: "new violations", noun: "new violation", style: "o-moved", of: run => run.new },
  { name: "deviations", noun: "deviation", style: "c-deviates", of: run => run.deviations },
];
const height = 40, step = 10; // of the drawing

/** @type {(runs: doc.TrendRun[], series: Series) => HTMLElement} */
const strip = (runs, { name, noun, style, of }) => {
  const most = Math.max(1, ...runs.map(of)), newest = runs[runs.length - 1];
  return el("div", { class: "trend-row" },
    el("div", { class: "trend-name" }, name + " ", el("b", {}, of(newest).toLocaleString("en")), el("span", { class: "dim" }, " · most " + Math.max(...runs.map(of)).toLocaleString("en"))),
    svg("svg", { class: "trend-bars", "data-series": name, viewBox: "0 0 " + runs.length * step + " " + height, preserveAspectRatio: "none", role: "img",
      "aria-label": name + ", oldest run first: " + runs.map(of).join(", ") }, runs.map((run, i) => {
      const tall = height * of(run) / most;
      return svg("rect", { class: style, x: String(i * step + 1), width: String(step - 2), y: String(height - tall), height: String(tall) }, svg("title", {}, run.id + ": " + counted(of(run), noun)));
    })));
};

/**
 * The trend of a document with at least two runs, else null.
 * @param {doc.Trend} trend
 */
export const trendSection = ({ runs, nightly }) => runs.length < 2 ? null : el("section", { class: "trend", "aria-labelledby": "trend" },
  el("h2", { id: "trend" }, "Trend of the last " + runs.length + (nightly ? " nightly runs" : " finished runs")),
  series.map(one => strip(runs, one)),
  el("details", { class: "section" }, el("summary", {}, "Numbers"),
    el("p", {}, "New: cells with a violation where the run before had none, in the same test and filesystem on a kernel of the same series; empty if no cell is comparable."),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Trend" }, el("table", { class: "list" },
      el("thead", {}, el("tr", {}, ["run", "started", "cells", "violations", "new", "deviations"].map(name => el("th", { scope: "col" }, name)))),
      el("tbody", {}, [...runs].reverse().map(run => el("tr", {}, el("th", { scope: "row" }, el("a", { href: routeHref("run", [run.id]) }, run.id)), el("td", {}, when(run.started)),
        el("td", { class: "n" }, run.cells.toLocaleString("en")), el("td", { class: "n" }, run.violations), el("td", { class: "n" }, run.compared ? run.new : ""), el("td", { class: "n" }, run.deviations))))))));
