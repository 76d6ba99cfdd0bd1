// A run in progress: its events from the server, and its progress.
// @ts-check
import { copyButton, el } from "../dom.js";
import { classMark, classNames, counted } from "../format.js";

/**
 * @typedef {Pick<doc.Event, "planned" | "done" | "running" | "rate" | "left" | "doing"> & { tally: doc.Tally }} State
 * @typedef {Pick<doc.Event, "kind" | "cell"> & ({ tally: null } | State)} Event
 * @typedef {(run: string, to: { on: (event: Event) => void, lost: (text: string) => void, signal: AbortSignal }) => void} Follow
 *   calls on(event) for each event of a run, until signal or the event "end". The
 *   first is "reset". lost(text) reports that the connection is lost, lost("")
 *   that it is back
 * @typedef {{ element: HTMLElement, update(state: State): void, lost(text: string): void }} Progress
 */

/**
 * Follows a run by the server's events. Reading the run after the first event
 * misses nothing from before the stream; a browser that reconnects is sent what
 * it missed.
 * @type {Follow}
 */
export const follow = (run, { on, lost, signal }) => {
  /** @type {EventSource | null} */
  let stream = null;
  let last = "", again = 0;
  const close = () => {
    clearTimeout(again);
    stream?.close();
  };
  const open = () => {
    const url = "api/runs/" + encodeURIComponent(run) + "/events" + (last ? "?" + new URLSearchParams({ after: last }) : "");
    const opened = stream = new EventSource(url);
    opened.addEventListener("open", () => lost(""));
    opened.addEventListener("message", e => {
      const fresh = !last;
      last = e.lastEventId || last;
      // Events from before the stream are unknown.
      if (fresh) on({ kind: "reset", cell: null, tally: null });
      const event = JSON.parse(e.data);
      if (event.kind === "end") close();
      on(event);
    });
    opened.addEventListener("error", () => {
      lost("The server does not respond. The page may be out of date.");
      // A browser reconnects automatically, unless the response was an error.
      if (opened.readyState === EventSource.CLOSED && !signal.aborted) again = setTimeout(open, 5000);
    });
  };
  signal.addEventListener("abort", close);
  if (!signal.aborted) open();
};

/** @type {(run: doc.Run) => State} */
export const stateOf = ({ tally, planned, running, rate, left, doing }) => ({ tally, planned, done: tally.cells, running, rate, left, doing });

/** @param {number} seconds */
const left = seconds => seconds >= 5400 ? (seconds / 3600).toFixed(1) + " h" : seconds >= 90 ? Math.round(seconds / 60) + " min" : Math.ceil(seconds) + " s";

/**
 * A strip with a piece for each class of cells.
 * @type {(tally: doc.Tally, of: number) => HTMLElement}
 */
export const tallyBar = (tally, of) => {
  const bar = el("div", { class: "verdict-bar", "aria-hidden": "true" });
  for (const klass of classNames) {
    const n = tally.classes[klass] ?? 0;
    if (!n) continue;
    const piece = el("span", { class: "c-" + klass, title: n + " " + klass });
    piece.style.width = 100 * n / Math.max(1, of) + "%";
    bar.append(piece);
  }
  return bar;
};

/** @type {(n: number, klass: string) => string} */
const countedClass = (n, klass) => klass === "violation" ? counted(n, "violation") : klass === "deviates" ? counted(n, "deviation") : n.toLocaleString("en") + " " + klass;

/**
 * The number of cells of each class.
 * @param {doc.Tally} tally
 */
export const tallyBadges = tally => classNames.filter(klass => tally.classes[klass]).map(klass =>
  el("span", { class: "badge c-" + klass }, el("b", { "aria-hidden": "true" }, classMark(klass)), " " + countedClass(tally.classes[klass], klass)));

/**
 * Shows the progress of the run with this id.
 * @type {(run: string) => Progress}
 */
export const newProgress = run => {
  const text = el("p", { class: "progress-text" }), note = el("p", { class: "lost", role: "status" });
  const strip = el("div", { class: "strip-holder", role: "progressbar", "aria-label": "Progress of the run", "aria-valuemin": "0" });
  const command = "splicelab run --resume " + run;
  const resume = el("p", { class: "copied", hidden: true }, "Resume: ", el("code", {}, command), " ", copyButton(command));
  const element = el("section", { class: "progress" }, text, strip, resume, note);
  return {
    element,
    update({ tally, planned, done, running, rate, left: seconds, doing }) {
      const share = planned > 0 ? done / planned : 0;
      strip.setAttribute("aria-valuemax", String(Math.max(planned, done)));
      strip.setAttribute("aria-valuenow", String(done));
      const words = [done.toLocaleString("en") + (planned ? " of " + counted(planned, "cell") + " (" + Math.floor(100 * share) + " %)" : " cells")];
      if (!running) words.push("interrupted: not running");
      else if (rate > 0) words.push(rate.toFixed(rate < 10 ? 1 : 0) + " cells/s");
      else words.push(doing || "no results in the last minute");
      if (seconds > 0) words.push(left(seconds) + " left");
      text.textContent = words.join(" · ");
      strip.setAttribute("aria-valuetext", text.textContent);
      strip.replaceChildren(tallyBar(tally, Math.max(planned, done)));
      resume.hidden = running;
    },
    lost(words) { note.textContent = words; },
  };
};
