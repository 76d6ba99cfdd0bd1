// Bisections: the bracket in which the change is, and what each subject showed. A
// search that goes on is read again.
// @ts-check
import { addView, go, routeHref } from "../app.js";
import { el, messageOf, svg } from "../dom.js";
import { counted, letterOf, outcomeClass, verdictClass, verdictNames, when } from "../format.js";
import { shortcut } from "../keys.js";
import { source } from "../source.js";

const again = 2000, width = 1000; // ms between two polls; of the drawing

/**
 * A commit is as unique as it needs to be.
 * @param {string} subject
 */
const short = subject => /^[0-9a-f]{40}$/.test(subject) ? subject.slice(0, 12) : subject;
/** @param {string} mark */
const markClass = mark => verdictNames.includes(mark) ? verdictClass(mark) : outcomeClass(mark);
/** @param {number} share */
const percent = share => (100 * share).toFixed(1) + " %";

/**
 * The state of a search in words, as in the terminal.
 * @param {doc.Search} s
 */
export const searchText = s => {
  const ends = short(s.good) + " is good, " + short(s.bad) + " is bad" + (s.between ? ", " + s.between.toLocaleString("en") + " undecided between them" : "");
  const step = s.finished ? counted(s.subjects.length, "subject") + " tried" : "step " + s.step + " of about " + s.steps;
  const sure = s.confidence > 0 ? percent(s.confidence) + " sure" + (s.wanted > 0 ? " (" + percent(s.wanted) + " wanted)" : "") : "";
  const trying = s.finished || !s.subject ? "" : "trying " + short(s.subject) + (s.need > 0 ? " (" + s.tried + " of up to " + counted(Math.max(s.need, s.tried), "attempt") + ")" : "");
  return [ends, step, sure, trying].filter(Boolean).join("; ");
};

/**
 * The way from the good end to the bad one: what is known to be good and bad in
 * the colours of what it shows, what is between, and what is tried.
 * @param {doc.Search} s
 */
const bracket = s => {
  const low = width * s.low, high = width * s.high;
  /** @type {(part: string, style: string, from: number, to: number, title: string) => SVGElement} */
  const box = (part, style, from, to, title) => svg("rect", { class: style, "data-part": part, x: String(from), y: "14", width: String(Math.max(to - from, 0)), height: "30" }, svg("title", {}, title));
  return svg("svg", { class: "bracket", viewBox: "0 0 " + width + " 50", preserveAspectRatio: "none", role: "img", "aria-label": searchText(s) },
    box("good", markClass(s.good_mark || "pass"), 0, low, "good: " + short(s.good) + " and before"),
    box("between", "whole", low, high, counted(s.between, "undecided subject")),
    box("bad", markClass(s.bad_mark || "fail"), high, width, "bad: " + short(s.bad) + " and after"),
    s.at >= 0 && s.subject && !s.finished ? svg("path", { class: "tried", "data-part": "tried", d: "M" + width * s.at + " 12 l-7 -12 h14 z" }) : null);
};

/**
 * What the attempts at a subject say. One bad attempt makes it bad.
 * @param {doc.SearchSubject} one
 */
const sideOf = one => one.untestable ? "skipped: " + one.untestable : one.bad ? "bad" : one.good ? "good so far" : "neither";

/** @type {(mark: string, what: string) => HTMLElement | null} */
const swatch = (mark, what) => mark ? el("span", { class: "badge " + markClass(mark) }, el("b", { "aria-hidden": "true" }, letterOf(mark)), " " + what + ": " + mark) : null;

/** @param {doc.Search} s */
const searchSection = s => el("section", { class: "search", "data-id": s.id },
  el("h2", {}, s.test + " on " + s.fs + " ", el("span", { class: "badge" }, s.finished ? "finished" : s.running ? "in progress" : "interrupted")),
  el("p", { class: "facts" }, "bisect " + s.kind + " · began ", when(s.begun), " · last step ", when(s.changed)),
  el("figure", {}, bracket(s), el("figcaption", { class: "search-text" }, searchText(s)),
    el("p", { class: "badges" }, swatch(s.good_mark, "good"), " ", swatch(s.bad_mark, "bad"))),
  el("details", { class: "section" }, el("summary", {}, counted(s.subjects.length, "subject") + " tried"),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Subjects of " + s.test + " on " + s.fs }, el("table", { class: "list" },
      el("thead", {}, el("tr", {}, ["subject", "attempts", s.good_mark || "good mark", s.bad_mark || "bad mark", "side"].map(name => el("th", { scope: "col" }, name)))),
      el("tbody", {}, [...s.subjects].sort((a, b) => a.subject.localeCompare(b.subject, "en", { numeric: true })).map(one => el("tr", {},
        el("th", { scope: "row" }, one.subject), el("td", { class: "n" }, one.attempts), el("td", { class: "n" }, one.good), el("td", { class: "n" }, one.bad), el("td", {}, sideOf(one))))))),
    s.runs.length ? el("p", {}, "Runs: ", s.runs.flatMap(id => [el("a", { href: routeHref("run", [id]) }, id), " "])) : null));

/** @type {import("../app.js").View["render"]} */
const render = async (main, _route, signal) => {
  const list = el("div", {}), note = el("p", { class: "lost", role: "status" });
  let text = "";
  const look = async () => {
    /** @type {doc.Searches} */
    const { searches } = await source.get("api/bisections", { signal });
    note.textContent = "";
    const now = JSON.stringify(searches);
    if (now === text) return;
    text = now;
    const open = new Set([...list.querySelectorAll("section")].filter(e => e.querySelector("details[open]")).map(e => e.getAttribute("data-id")));
    const focused = document.activeElement?.closest("section.search")?.getAttribute("data-id");
    list.replaceChildren(...searches.length ? searches.map(searchSection) : [el("p", { class: "empty" }, "No bisection yet: splicelab bisect begins one.")]);
    for (const e of list.querySelectorAll("section")) {
      const id = e.getAttribute("data-id");
      const details = e.querySelector("details");
      if (details && open.has(id)) details.open = true;
      if (focused === id) e.querySelector("summary")?.focus({ preventScroll: true });
    }
  };
  await look();
  main.append(el("h1", {}, "Bisections"), list, note);
  const wait = () => {
    const timer = setTimeout(async () => {
      try {
        if (!document.hidden) await look();
      } catch (error) {
        if (!signal.aborted) note.textContent = messageOf(error) + " The page may be out of date.";
      }
      if (!signal.aborted) wait();
    }, again);
    signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  };
  wait();
};

addView("bisect", { title: "Bisections", nav: "Bisect", render });
shortcut("g b", "bisections", () => go("#/bisect"));
