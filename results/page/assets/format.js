// Formats verdicts, outcomes, times and numbers. Every state has its own
// characters as well as its colour.
// @ts-check
import { el } from "./dom.js";

// Marks of the verdicts, as in the terminal's matrix.
const marks = { "pass": ".", "fail": "x", "skip": "--", "crash": "!!", "hang": "~~", "boot-fail": "##", "infra": "??" };
const letters = {
  "": " ", "snapshot": "S", "live": "L", "zeroed": "Z", "torn": "T", "blocked": "B", "dropped": "D", "error": "E", "short": "<", "extra": ">",
  "phantom-zero": "P", "moved": "M", "stale": "O", "consumer-write": "W", "foreign": "F",
};
export const verdictNames = Object.keys(marks);
export const verdictMark = verdict => Object.hasOwn(marks, verdict) ? marks[verdict] : "??";
export const letterOf = outcome => Object.hasOwn(letters, outcome) ? letters[outcome] : "?";

// mark is the two characters of a cell.
export const markOf = (verdict, outcome, letter = letterOf(outcome)) =>
  verdict === "pass" || verdict === "fail" ? verdictMark(verdict) + letter : verdictMark(verdict);

// isFailing reports whether a cell makes its run fail.
export const isFailing = (verdict, standing) =>
  standing !== "expected-fail" && (verdict === "fail" || verdict === "crash" || verdict === "hang" || verdict === "boot-fail");

// verdictClass is the class that colours a verdict.
export const verdictClass = verdict => Object.hasOwn(marks, verdict) ? "v-" + verdict : "v-infra";

/** A cell's result in words. */
export const describe = (verdict, outcome, flaky, standing) => {
  let text = verdict || "no verdict";
  if (outcome) text += " (" + outcome + ")";
  if (flaky) text += ", flaky " + flaky;
  if (standing) text += ", " + standingLabel(standing);
  return text;
};

/** A verdict with its mark, outcome, flakiness and expectation. */
export const badgeOf = (verdict, outcome = "", flaky = "", standing = "") => el("span", { class: "badge " + verdictClass(verdict) },
  el("b", { "aria-hidden": "true" }, markOf(verdict, outcome) + (flaky ? "*" : "")), " ", describe(verdict, outcome, flaky, standing));

/** Labels of results against the user's expectations, in the terms of test frameworks. */
export const standingLabel = standing => standing === "expected-fail" ? "expected (XFAIL)" : standing === "unexpected-pass" ? "unexpected pass (XPASS)" : standing || "";

export const counted = (n, noun) => n.toLocaleString("en") + " " + noun + (n === 1 ? "" : "s");

// ms formats milliseconds.
export const formatMS = n => {
  if (n < 10) return n.toFixed(1) + " ms";
  if (n < 10_000) return Math.round(n) + " ms";
  return n < 600_000 ? (n / 1000).toFixed(1) + " s" : Math.round(n / 60_000) + " min";
};

// when formats a point in time in UTC, as everywhere in the lab.
export const when = text => text ? el("time", { datetime: text }, text.slice(0, 19).replace("T", " ") + " UTC") : "";

// took is the net duration of a finished run, as text.
export const took = run => {
  const s = Math.round((Date.parse(run.finished) - Date.parse(run.started) - run.paused_ms) / 1000);
  if (!(s >= 0)) return "";
  return (s >= 3600 ? Math.floor(s / 3600) + " h " : "") + (s >= 60 ? Math.floor(s / 60) % 60 + " min " : "") + s % 60 + " s";
};
