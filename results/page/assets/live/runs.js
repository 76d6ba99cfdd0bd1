// The list of runs, updated from the store.
// @ts-check
import { addView, go, routeHref, setHome, show } from "../app.js";
import { el, messageOf } from "../dom.js";
import { counted, took, when } from "../format.js";
import { shortcut } from "../keys.js";
import { tallyBadges, tallyBar } from "./progress.js";
import { source } from "../source.js";
import { trendSection } from "./trend.js";

const again = 5000, page = 100; // ms between two polls; runs per page

setHome(() => "#/runs");

/** @type {(signal: AbortSignal) => Promise<doc.Trend>} */
const readTrend = signal => source.get("api/trend", { signal });

/** @type {import("../app.js").View["render"]} */
const render = async (main, route, signal) => {
  const skip = Math.max(0, parseInt(route.params.get("skip") ?? "0", 10) || 0);
  /** @type {Set<string>} */
  const chosen = new Set();
  const compare = el("button", { type: "button", disabled: true, on: { click: () => {
    const [after, before] = [...shown].filter(id => chosen.has(id)); // newest first
    go(routeHref("diff", [before, after]));
  } } }, "Compare selected");
  const body = el("tbody", {}), note = el("p", { class: "lost", role: "status" }), pages = el("p", { class: "pages" });
  /** @type {string[]} */
  let shown = [];
  let text = "";

  /** @type {(id: string) => HTMLElement} */
  const choice = id => {
    const box = el("input", { type: "checkbox", "aria-label": "Select run " + id, checked: chosen.has(id), on: { change: () => {
      if (box.checked) chosen.add(id);
      else chosen.delete(id);
      compare.disabled = shown.filter(id => chosen.has(id)).length !== 2;
    } } });
    return box;
  };
  /** @type {(run: doc.Run, before: doc.Run | undefined) => HTMLElement} */
  const row = (run, before) => {
    const cells = run.tally.cells.toLocaleString("en") + (run.planned !== run.tally.cells ? " of " + run.planned.toLocaleString("en") : "");
    return el("tr", { class: run.finished ? false : "unfinished" },
      el("td", { class: "choice" }, choice(run.id)),
      el("td", {}, el("a", { href: routeHref("run", [run.id]) }, run.id), run.marks.flatMap(mark => [" ", el("span", { class: "badge" }, "@" + mark)]),
        run.problem ? el("div", { class: "trouble" }, "unreliable: " + run.problem) : null),
      el("td", {}, when(run.started)),
      el("td", {}, run.finished ? took(run) : el("b", {}, run.running ? "running" : "stopped")),
      el("td", {}, run.policy), el("td", {}, run.accel),
      el("td", { class: "n" }, cells, el("span", { class: "narrow" }, " cells")),
      el("td", { class: "came" }, tallyBar(run.tally, Math.max(run.planned, run.tally.cells)), el("div", { class: "badges" }, tallyBadges(run.tally).flatMap(badge => [badge, " "]),
        run.tally.flaky ? el("span", { class: "badge" }, "* " + run.tally.flaky + " flaky") : null)),
      el("td", {}, before ? el("a", { href: routeHref("diff", [before.id, run.id]), "aria-label": "diff of run " + run.id + " and the previous run" }, "diff") : ""));
  };
  const look = async () => {
    // One more than is shown: the last row is compared with the run before it.
    const list = await source.runs({ limit: page + 1, skip }, { signal });
    note.textContent = "";
    const now = JSON.stringify(list);
    if (now === text) return;
    text = now;
    const runs = list.runs.slice(0, page);
    shown = runs.map(run => run.id);
    const focused = document.activeElement?.closest("tr")?.querySelector("a")?.getAttribute("href"), inBox = document.activeElement instanceof HTMLInputElement;
    body.replaceChildren(...runs.map((run, i) => row(run, list.runs[i + 1])));
    if (focused) {
      const line = [...body.rows].find(r => r.querySelector("a")?.getAttribute("href") === focused);
      line?.querySelector(inBox ? "input" : "a")?.focus();
    }
    compare.disabled = shown.filter(id => chosen.has(id)).length !== 2;
    pages.replaceChildren(...[
      skip > 0 ? el("a", { href: routeHref("runs", [], skip > page ? new URLSearchParams({ skip: String(skip - page) }) : null) }, "‹ newer") : "", " ",
      list.total > skip + page ? el("a", { href: routeHref("runs", [], new URLSearchParams({ skip: String(skip + page) })) }, "older ›") : "", " ",
      el("span", { class: "dim" }, counted(list.total, "run") + " stored")]);
  };
  await look();
  if (!shown.length) {
    main.append(el("h1", {}, "Runs"), el("p", { class: "empty" }, skip ? "No older runs." : "No runs yet: splicelab run creates one."), pages);
  } else {
    // Counting what is new reads the runs: the list does not wait for it.
    const trend = el("div", {});
    if (!skip) readTrend(signal).then(doc => trend.append(trendSection(doc) ?? "")).catch(() => { /* the list says what is wrong */ });
    main.append(el("h1", {}, "Runs"), trend, el("p", {}, compare),
      el("div", { class: "scroll" }, el("table", { class: "list runs" },
        el("thead", {}, el("tr", {}, ["select", "run", "started", "duration", "policy", "accel", "cells", "classes", "compare"].map(name => el("th", { scope: "col" }, name)))), body)),
      pages, note);
  }
  const wait = () => {
    const timer = setTimeout(async () => {
      try {
        if (!document.hidden) await look();
        if (shown.length && !body.isConnected) show();
      } catch (error) {
        if (!signal.aborted) note.textContent = messageOf(error) + " The page may be out of date.";
      }
      if (!signal.aborted) wait();
    }, again);
    signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  };
  wait();
};

addView("runs", { title: "Runs", nav: "Runs", render });
shortcut("g r", "list of runs", () => go("#/runs"));
