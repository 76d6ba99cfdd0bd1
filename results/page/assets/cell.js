// The page of one cell.
// @ts-check
import { aboutSection, outcomeRange } from "./about.js";
import { cellHref, go, routeHref } from "./app.js";
import { byteBar } from "./bytes.js";
import { copyButton, el } from "./dom.js";
import { applyFilter, parseFilter } from "./filter.js";
import { badgeOf, describe, formatMS, markOf, resultClass, standingLabel, when } from "./format.js";
import { gridOf, parentOf } from "./grid.js";
import { shortcut } from "./keys.js";
import { hexdump, logView } from "./log.js";
import { source } from "./source.js";
import { current, keptOf } from "./state.js";
import { phaseBar } from "./times.js";

/** @typedef {import("./grid.js").Grid} Grid */
/** @typedef {import("./dom.js").Children} Children */

/** @type {import("./app.js").View["render"]} */
export const cellView = async (main, route, signal) => {
  const [id, , kernel, fs, test] = route.args;
  const back = routeHref("run", [id], route.params), policy = route.params.get("policy") ?? "";
  const [run, cells, cell] = await Promise.all([source.run(id), source.cells(id, policy, [parentOf(test)]), source.cell(id, kernel, fs, test, policy)]);
  keptOf(id).reached = [kernel, fs, test]; // Esc continues there
  const grid = gridOf(cells);
  const near = neighbours(grid, grid.find(kernel, fs, test), parseFilter(route.params));
  /** @param {number} i */
  const href = i => cellHref(id, cells.kernels[cells.kernel[i]], cells.filesystems[cells.filesystem[i]], cells.tests[cells.test[i]], route.params);

  main.append(el("nav", { class: "path", "aria-label": "Breadcrumb" },
    el("a", { href: back }, "← run " + id),
    el("span", { class: "space" }),
    near.before >= 0 ? el("a", { href: href(near.before) }, "‹ previous " + near.noun) : null,
    near.after >= 0 ? el("a", { href: href(near.after) }, "next " + near.noun + " ›") : null));
  if (run.problem) main.append(el("p", { class: "problem", role: "alert" }, el("strong", {}, "Results are unreliable: "), run.problem));
  main.append(head(cell, id, route.params, outcomeRange(grid, grid.find(kernel, fs, test))));
  if (cell.left_out) main.append(el("p", { class: "note" }, cell.left_out));
  main.append(aboutSection(cell.about), reproduce(cell));
  for (const attempt of [...cell.attempts].reverse()) main.append(attemptSection(attempt, cell.attempts.length));
  if (cell.history.length) main.append(history(cell, id));
  scrollTo(0, 0);

  current.cell = { back, before: near.before >= 0 ? href(near.before) : "", after: near.after >= 0 ? href(near.after) : "" };
  return { close() { current.cell = null; } };
};

/**
 * The cells before and after this one: among the filtered cells, only those that
 * need attention, if there are any.
 * @type {(grid: Grid, at: number, filter: import("./filter.js").Filter) => { before: number, after: number, noun: string }}
 */
const neighbours = (grid, at, filter) => {
  const { match } = applyFilter(grid, filter);
  const some = match.some((m, i) => m && grid.remarkable[i]);
  /** @param {number} i */
  const wanted = i => match[i] && (!some || grid.remarkable[i]);
  let before = at - 1, after = at + 1;
  while (before >= 0 && !wanted(before)) before--;
  while (after < grid.n && !wanted(after)) after++;
  return { before, after: after < grid.n && at >= 0 ? after : -1, noun: some ? "failure" : "cell" };
};

/** @type {(rows: ([name: string, value: Children] | null)[]) => HTMLElement} */
const facts = rows => el("table", { class: "facts" }, el("tbody", {}, rows.filter(row => row !== null).map(([name, value]) =>
  el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value)))));

const kinds = new Map([["characterisation", ": the policy decides which outcomes pass"], ["invariant", ": fails under every policy"], ["control", ": its outcome is known by construction; if it fails, the lab is broken"]]);

/**
 * The test's kind. The result of a characterisation with an outcome that no
 * policy accepts is stored as an invariant's.
 * @param {doc.Cell} cell
 */
const kindText = cell => {
  const kind = cell.about.kind || cell.kind;
  return kind + (kinds.get(kind) ?? "") + (kind === "characterisation" && cell.class === "violation" && cell.outcome ? ", and none accepts this one" : "");
};

const classWords = new Map([["violation", "violation: forbidden by every policy"], ["deviates", "deviation: allowed by one policy, forbidden by another"]]);

/** @type {(cell: doc.Cell, id: string, params: URLSearchParams, seen: string) => HTMLElement} */
const head = (cell, id, params, seen) => {
  const judge = params.get("policy") ?? "";
  /** @type {Record<string, string>} */
  const policy = judge ? { policy: judge } : {};
  /** @type {(name: string, value: string) => HTMLElement} */
  const only = (name, value) => el("a", { href: routeHref("run", [id], new URLSearchParams({ [name]: value, ...policy })), title: "Show only this in the matrix" }, value);
  const last = cell.attempts.findLast(a => a.verdict === cell.verdict) ?? cell.attempts.at(-1);
  return el("section", {},
    el("h1", {}, cell.test),
    el("p", {}, badgeOf(cell.verdict, cell.outcome, cell.class, cell.flaky, cell.standing), classWords.has(cell.class) ? " " + classWords.get(cell.class) : null),
    cell.meaning ? el("p", { class: "meaning" }, cell.meaning) : null,
    last?.detail ? el("p", { class: "detail" }, last.detail) : null,
    facts([
      ["kernel", only("kernel", cell.kernel)], ["filesystem", only("fs", cell.fs)],
      cell.arch ? ["architecture", [cell.arch, cell.flavour && "flavour " + cell.flavour, cell.page_size && "pages of " + cell.page_size / 1024 + " KiB"].filter(Boolean).join(", ")] : null,
      cell.about.kind || cell.kind ? ["kind", kindText(cell)] : null,
      judge ? ["judged by policy", judge] : null,
      seen ? ["this result in the run", seen] : null,
      cell.standing || cell.why ? ["expectation", standingLabel(cell.standing) + (cell.standing && cell.why ? ": " : "") + cell.why] : null,
      cell.flaky ? ["flaky", cell.flaky + " attempts failed"] : null,
    ]));
};

/** @type {(text: string, what: string) => HTMLElement} */
const command = (text, what) => el("div", { class: "copied" }, el("pre", { class: "command", tabindex: "0" }, text), copyButton(text, what));

/** @param {doc.Cell} cell */
const reproduce = cell => el("section", {}, el("h2", {}, "Reproduce"),
  command(cell.command, "Copy command"),
  cell.repro.length ? [el("p", {}, "With its report file: write it, reproduce what it describes, and bundle that into an archive that needs only QEMU and a shell."),
    command(cell.repro.join("\n"), "Copy commands")] : null,
  cell.report ? el("details", { class: "section" }, el("summary", {}, "Report file for splicelab repro"),
    el("div", { class: "copied" }, el("pre", { class: "report", tabindex: "0" }, cell.report), copyButton(cell.report, "Copy report"), saveLink(cell))) : null);

/**
 * Offers the report as a file. Its URL is valid as long as the page.
 * @param {doc.Cell} cell
 */
const saveLink = cell => el("button", { type: "button", class: "copy", on: { click: () => {
  const url = URL.createObjectURL(new Blob([cell.report], { type: "application/yaml" }));
  const name = [cell.test, cell.fs, cell.kernel].join("-").replace(/[^\w.-]+/g, "-").slice(0, 120) + ".yaml";
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
} } }, "Save");

/** @type {(attempt: doc.Attempt, of: number) => HTMLElement} */
const attemptSection = (attempt, of) => {
  const covariates = Object.keys(attempt.covariates).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  return el("section", { class: "attempt" },
    el("h2", {}, of > 1 ? "Attempt " + attempt.n + " of " + of + " " : "Observed "),
    el("p", {}, of > 1 ? badgeOf(attempt.verdict, attempt.outcome, attempt.class) : null, (of > 1 ? " in " : "In ") + formatMS(attempt.duration_ms), attempt.finished ? [", finished ", when(attempt.finished)] : null),
    of > 1 && attempt.detail ? el("p", { class: "detail" }, attempt.detail) : null,
    byteBar(attempt.layout, attempt.wrong),
    attempt.wrong.map(hexdump),
    covariates.length ? [el("h3", {}, "Covariates"), facts(covariates.map(name => [name, attempt.covariates[name]]))] : null,
    attempt.timing.length ? [el("h3", {}, "Time"), phaseBar(attempt.timing)] : null,
    attempt.console ? [el("h3", {}, "Kernel log"), logView(attempt.console, attempt.crash_lines)] : null,
    attempt.output ? [el("h3", {}, "Output"), logView(attempt.output, [])] : null);
};

/** @type {(cell: doc.Cell, id: string) => HTMLElement} */
const history = (cell, id) => el("section", {}, el("h2", {}, "History"),
  el("p", { class: "strip" }, [...cell.history].reverse().map(past => {
    const what = past.run + ": " + describe(past.verdict, past.outcome, past.flaky);
    return el(source.live ? "a" : "span", { class: "cell " + resultClass(past.verdict, past.outcome, past.class), role: source.live ? false : "img", "aria-label": markOf(past.verdict, past.outcome, past.class) + (past.flaky ? "* " : " ") + what, title: what,
      href: source.live && cellHref(past.run, past.kernel, cell.fs, cell.test) }, markOf(past.verdict, past.outcome, past.class) + (past.flaky ? "*" : ""));
  })),
  el("div", { class: "scroll" }, el("table", { class: "list" },
    el("thead", {}, el("tr", {}, ["run", "started", "kernel", "result"].map(name => el("th", { scope: "col" }, name)))),
    el("tbody", {}, cell.history.map(past => el("tr", {},
      el("td", {}, source.live ? el("a", { href: cellHref(past.run, past.kernel, cell.fs, cell.test) }, past.run) : past.run + (past.run === id ? " (this run)" : "")),
      el("td", {}, when(past.started)), el("td", {}, past.kernel), el("td", {}, badgeOf(past.verdict, past.outcome, past.class, past.flaky))))))));

shortcut("Escape", "back from a cell to the matrix", () => current.cell ? go(current.cell.back) : false);
shortcut("n", "in a cell: next failure", () => current.cell?.after ? go(current.cell.after) : false);
shortcut("p", "in a cell: previous failure", () => current.cell?.before ? go(current.cell.before) : false);
