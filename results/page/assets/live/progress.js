// A run in progress: its events from the server, and its progress.
// @ts-check
import { copyButton, el } from "../dom.js";
import { classMark, classNames, counted } from "../format.js";

// follow calls on(event) for each event of a run, until signal or the event
// "end". The first is "reset": reading the run after it misses nothing from
// before the stream. lost(text) reports that the connection is lost, lost("")
// that it is back. Events are those of document.go; a browser that reconnects
// is sent what it missed.
export const follow = (run, { on, lost, signal }) => {
  let stream = null, last = "", again = 0;
  const close = () => {
    clearTimeout(again);
    stream?.close();
  };
  const open = () => {
    const url = "api/runs/" + encodeURIComponent(run) + "/events" + (last ? "?" + new URLSearchParams({ after: last }) : "");
    stream = new EventSource(url);
    stream.addEventListener("open", () => lost(""));
    stream.addEventListener("message", e => {
      const fresh = !last;
      last = e.lastEventId || last;
      // Events from before the stream are unknown.
      if (fresh) on({ kind: "reset", cell: null, tally: null });
      const event = JSON.parse(e.data);
      if (event.kind === "end") close();
      on(event);
    });
    stream.addEventListener("error", () => {
      lost("The server does not respond. The page may be out of date.");
      // A browser reconnects automatically, unless the response was an error.
      if (stream.readyState === EventSource.CLOSED && !signal.aborted) again = setTimeout(open, 5000);
    });
  };
  signal.addEventListener("abort", close);
  if (!signal.aborted) open();
};

const left = seconds => seconds >= 5400 ? (seconds / 3600).toFixed(1) + " h" : seconds >= 90 ? Math.round(seconds / 60) + " min" : Math.ceil(seconds) + " s";

// tallyBar is a strip with a piece for each class of cells.
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

const words = { "violation": n => counted(n, "violation"), "deviates": n => counted(n, "deviation") };

// tallyBadges show the number of cells of each class.
export const tallyBadges = tally => classNames.filter(klass => tally.classes[klass]).map(klass =>
  el("span", { class: "badge c-" + klass }, el("b", { "aria-hidden": "true" }, classMark(klass)), " " + (words[klass]?.(tally.classes[klass]) ?? tally.classes[klass].toLocaleString("en") + " " + klass)));

// progress shows the progress of the run with this id; update(event) gets an
// event with a tally.
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
