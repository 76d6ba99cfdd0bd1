// The cells whose results differ between runs, with their failure rates.
// @ts-check
import { addView, go, routeHref } from "../app.js";
import { el, svg } from "../dom.js";
import { counted } from "../format.js";
import { shortcut } from "../keys.js";
import { source } from "../source.js";

const width = 100; // of the drawing, whose unit is a percent

/**
 * A failure rate in words: "failed 3 of 20, 95 % CI 5–36 %".
 * @param {doc.Rate} rate
 */
export const rateText = ({ failed, attempts, low, high }) =>
  attempts ? "failed " + failed + " of " + attempts + ", 95 % CI " + Math.round(100 * low) + "–" + Math.round(100 * high) + " %" : "never ran";

/**
 * Draws a rate and its interval from 0 to 100 %.
 * @param {doc.Rate} rate
 */
const interval = rate => rate.attempts ? svg("svg", { class: "interval", viewBox: "0 0 " + width + " 20", preserveAspectRatio: "none", role: "img", "aria-label": rateText(rate) },
  svg("rect", { class: "axis", x: "0", y: "9", width: String(width), height: "2" }),
  svg("rect", { class: "c-deviates", "data-part": "interval", x: String(100 * rate.low), y: "4", width: String(100 * (rate.high - rate.low)), height: "12" }),
  svg("line", { class: "rate", x1: String(100 * rate.failed / rate.attempts), x2: String(100 * rate.failed / rate.attempts), y1: "0", y2: "20" })) : null;

/** @param {Record<string, number>} came */
const results = came => Object.entries(came).sort(([a, n], [b, m]) => m - n || a.localeCompare(b)).map(([result, n]) => n + " " + result).join(", ");

/** @param {doc.FlakyCell} cell */
const row = cell => el("tr", {},
  el("th", { scope: "row" }, el("a", { href: routeHref("history", [cell.kernel, cell.fs, cell.test]) }, cell.test)), el("td", {}, cell.kernel), el("td", {}, cell.fs),
  el("td", {}, interval(cell.rate), el("div", { class: "rate-text" }, rateText(cell.rate))),
  el("td", {}, cell.flaky ? "flaky" : "changed once"), el("td", {}, results(cell.results)), el("td", { class: "n" }, cell.runs));

/** @type {import("../app.js").View["render"]} */
const render = async (main, _route, signal) => {
  const wait = el("p", { role: "status" }, "Comparing the runs. This takes some seconds per million cells.");
  main.append(wait);
  /** @type {doc.Flaky} */
  const { runs, compared, cells, left_out: leftOut, too_large: tooLarge } = await source.get("api/flaky", { signal });
  wait.remove();
  main.append(el("h1", {}, "Flaky cells"),
    el("p", {}, counted(compared, "cell") + " compared in the newest " + counted(runs, "finished run") + ". A line is the share of attempts that failed, its box the 95 % confidence interval (95 % CI) of the probability, from 0 to 100 %. A cell that changed once is a change rather than a flake." +
      (tooLarge ? " " + counted(tooLarge, "run") + " too large to compare." : "")));
  if (!cells.length) {
    main.append(el("p", { class: "empty" }, "Every cell gave the same result."));
    return;
  }
  main.append(el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Flaky cells" }, el("table", { class: "list flaky" },
    el("thead", {}, el("tr", {}, ["test", "kernel", "filesystem", "failure rate (95 % CI)", "kind", "results", "runs"].map(name => el("th", { scope: "col" }, name)))),
    el("tbody", {}, cells.map(row)))));
  if (leftOut) main.append(el("p", { class: "note" }, counted(leftOut, "more cell") + ": splicelab results flaky --top 0"));
};

addView("flaky", { title: "Flaky cells", nav: "Flaky", render });
shortcut("g f", "flaky cells", () => go("#/flaky"));
