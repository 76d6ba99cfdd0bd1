// The kernel map: the results of each kernel, by test, over several runs.
// @ts-check
import { addView, cellHref, go, routeHref } from "../app.js";
import { el, messageOf } from "../dom.js";
import { counted, describe, markOf, resultClass } from "../format.js";
import { shortcut } from "../keys.js";
import { cellNote, firstColumns, fitHead, mapHead, mapKernelName } from "./map_head.js";
import { source } from "../source.js";

const some = 200; // rows read at once

/**
 * A cell's result in one word, which determines what counts as a change.
 * @param {doc.MapCell} cell
 */
const shown = cell => (cell.verdict === "pass" || cell.verdict === "fail") && cell.outcome ? cell.outcome : cell.verdict;
/** @param {doc.MapCell} cell */
const says = cell => cell.verdict !== "" && cell.verdict !== "skip"; // a skip is no verdict on the kernel

/**
 * The shared prefix of all names.
 * @param {string[]} names
 */
const common = names => names.reduce((prefix, name) => {
  let n = 0;
  while (n < prefix.length && prefix[n] === name[n]) n++;
  return prefix.slice(0, n);
});

/**
 * Tests without a shared suite.
 * @param {string[]} names
 */
const testLabels = names => {
  const [prefix] = /^.*\.(Test)?/.exec(names.length > 1 ? common(names) : "") ?? [""];
  return names.map(name => name.slice(prefix.length));
};

/**
 * The name of a row, which can be several subtests and filesystems that are alike.
 * @param {doc.MapRow} row
 */
const rowName = row => (row.tests.length > 1 ? row.test.split("/")[0] + " (" + row.tests.length + " alike)" : row.test);

/**
 * Shows a page of the map; read(skip) reads the next one.
 * @type {(map: doc.Map, read: (skip: number) => Promise<doc.Map>) => { scroller: HTMLElement, parts: (Element | null)[] }}
 */
const table = (map, read) => {
  const names = [...new Set(map.rows.map(rowName))], labels = testLabels(names);
  const tests = new Map(names.map((name, i) => [name, labels[i] || name]));
  const firsts = firstColumns(map);
  const body = el("tbody", {}), changes = el("ul", { class: "changes" });
  /** @type {(row: doc.MapRow, i: number, changed: boolean) => HTMLElement} */
  const cell = (row, i, changed) => {
    const c = row.cells[i], kernel = map.kernels[i].release;
    const classes = (firsts.has(i) ? "first " : "") + (changed ? "changed " : "");
    if (!c.verdict) return el("td", { class: classes });
    const result = describe(c.verdict, c.outcome) + (changed ? ", changed" : ""), what = kernel + ": " + result;
    return el("td", { class: classes + resultClass(c.verdict, c.outcome, c.class) },
      el("a", { href: cellHref(c.run, kernel, row.fs, row.test), title: what, "data-result": result, "aria-label": markOf(c.verdict, c.outcome, c.class) + " " + what }, markOf(c.verdict, c.outcome, c.class)));
  };
  /** @param {doc.MapRow} row */
  const line = row => {
    const cells = [];
    /** @type {Map<string, number>} a result changes within a flavour */
    const before = new Map();
    for (let i = 0; i < row.cells.length; i++) {
      const c = row.cells[i], { flavour } = map.kernels[i], last = before.get(flavour) ?? -1;
      const changed = says(c) && last >= 0 && shown(row.cells[last]) !== shown(c);
      if (changed) {
        changes.append(el("li", {}, rowName(row) + " " + row.filesystems.join(", ") + ": " + shown(row.cells[last]) + " on " + mapKernelName(map, map.kernels[last]) + ", " + shown(c) + " on " + mapKernelName(map, map.kernels[i])));
      }
      if (says(c)) before.set(flavour, i);
      cells.push(cell(row, i, changed));
    }
    return el("tr", {}, el("th", { scope: "row", title: row.tests.join(", ") + " on " + row.filesystems.join(", ") }, tests.get(rowName(row)) ?? rowName(row), " ", el("span", { class: "dim" }, row.filesystems.join(", "))), cells);
  };
  let n = 0;
  const more = el("button", { type: "button", on: { click: async () => {
    more.disabled = true;
    try {
      add((await read(n)).rows);
    } finally {
      more.disabled = false;
    }
  } } });
  /** @param {doc.MapRow[]} rows */
  const add = rows => {
    body.append(...rows.map(line));
    n += rows.length;
    more.textContent = counted(map.total - n, "more row");
    more.hidden = n >= map.total || !rows.length;
  };
  add(map.rows);
  const scroller = el("div", { class: "scroll map", tabindex: "0", role: "region", "aria-label": "Kernel map" }, el("table", {}, mapHead(map), body));
  return { scroller, parts: [cellNote(map, scroller), scroller, more, changes.childElementCount ? el("section", {}, el("h2", {}, "Changes"), changes) : null] };
};

/** @type {import("../app.js").View["render"]} */
const render = async (main, route, signal) => {
  const { params } = route;
  /** @param {string} name */
  const value = name => params.get(name) ?? "";
  const tests = el("input", { id: "tests", value: value("tests"), size: "30", spellcheck: "false", placeholder: "regular expression" });
  const fs = el("input", { id: "fs", value: value("fs"), size: "12", spellcheck: "false", placeholder: "all" });
  const runs = el("input", { id: "runs", value: value("runs"), size: "18", spellcheck: "false", placeholder: "the last 20" });
  main.append(el("h1", {}, "Kernel map"),
    el("form", { class: "ask", on: { submit: e => {
      e.preventDefault();
      const next = new URLSearchParams();
      for (const field of [tests, fs, runs]) if (field.value.trim()) next.set(field.id, field.value.trim());
      if (value("policy")) next.set("policy", value("policy"));
      go(routeHref("map", [], next));
    } } },
    el("label", {}, "tests ", tests), el("label", {}, "filesystems ", fs), el("label", {}, "runs ", runs), el("button", {}, "Show")),
    el("p", { class: "dim" }, "Each cell shows its newest conclusive result; the head of a column continues the version above it. A thick border marks a change along the row. Rows that change come first; subtests and filesystems that are alike share a row."));
  /** @type {(skip: number) => Promise<doc.Map>} */
  const read = skip => {
    const asked = new URLSearchParams(params);
    asked.set("fold", "1");
    asked.set("skip", String(skip));
    asked.set("limit", String(some));
    return source.get("api/map?" + asked, { signal });
  };
  let map;
  try {
    map = await read(0);
  } catch (error) { // keep the form, to retry
    if (!signal.aborted) main.append(el("p", { class: "problem", role: "alert" }, messageOf(error)));
    return;
  }
  if (!map.rows.length) {
    main.append(el("p", { class: "empty" }, "No cell matches."));
    return;
  }
  const { scroller, parts } = table(map, read);
  main.append(...parts.filter(part => part !== null));
  fitHead(scroller);
  addEventListener("resize", () => fitHead(scroller), { signal });
};

addView("map", { title: "Kernel map", nav: "Map", render });
shortcut("g m", "kernel map", () => go("#/map"));
