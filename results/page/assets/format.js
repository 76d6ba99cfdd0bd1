// Formats verdicts, outcomes, times and numbers. Every state has its own
// characters as well as its colour.
// @ts-check
import { el } from "./dom.js";

// Marks of the verdicts, as in the terminal's matrix.
/** @type {Record<string, string>} */
const marks = { "pass": ".", "fail": "x", "skip": "--", "crash": "!!", "hang": "~~", "boot-fail": "##", "infra": "??" };
/** @type {Record<string, string>} */
const letters = {
  "": " ", "snapshot": "S", "live": "L", "zeroed": "Z", "torn": "T", "blocked": "B", "dropped": "D", "error": "E", "short": "<", "extra": ">",
  "phantom-zero": "P", "moved": "M", "stale": "O", "consumer-write": "W", "foreign": "F",
};
export const verdictNames = Object.keys(marks);
/** @param {string} verdict */
export const verdictMark = verdict => Object.hasOwn(marks, verdict) ? marks[verdict] : "??";
/** @param {string} outcome */
export const letterOf = outcome => Object.hasOwn(letters, outcome) ? letters[outcome] : "?";

/**
 * The character of what a cell is besides its verdict, empty if that is nothing.
 * @param {string | undefined} trait
 */
export const traitMark = trait => trait === "flaky" ? "*" : trait === "expected-fail" ? "e" : trait === "unexpected-pass" ? "u" : "";

/**
 * The characters of a cell: "." passes, ":" deviates from other policies but is
 * accepted, "x" fails, each with the outcome's letter.
 * @param {string} verdict
 * @param {string} outcome
 */
export const markOf = (verdict, outcome, klass = "", letter = letterOf(outcome)) =>
  verdict === "pass" && klass === "deviates" ? ":" + letter : verdict === "pass" || verdict === "fail" ? verdictMark(verdict) + letter : verdictMark(verdict);

/**
 * Reports whether a cell makes its run fail.
 * @type {(verdict: string, standing: string) => boolean}
 */
export const isFailing = (verdict, standing) =>
  standing !== "expected-fail" && (verdict === "fail" || verdict === "crash" || verdict === "hang" || verdict === "boot-fail");

/**
 * The style class of a verdict.
 * @param {string} verdict
 */
export const verdictClass = verdict => Object.hasOwn(marks, verdict) ? "v-" + verdict : "v-infra";

/** @param {string} outcome */
export const outcomeClass = outcome => outcome && Object.hasOwn(letters, outcome) ? "o-" + outcome : "o-unknown";

/**
 * The style classes of a result: the colour of its outcome or verdict, and the
 * weight of its class. As in style.go: what an outcome is depends on what the
 * test expects.
 * @param {string} verdict
 * @param {string} outcome
 */
export const resultClass = (verdict, outcome, klass = "") =>
  (outcome && klass !== "pass" && (verdict === "pass" || verdict === "fail") ? outcomeClass(outcome) : verdictClass(verdict)) + (classNames.includes(klass) ? " c-" + klass : "");

// The classes of cells: what every policy forbids, what policies disagree about.
export const classNames = ["violation", "deviates", "pass", "skip", "infra"];
const classMarks = new Map([["violation", "x"], ["deviates", ":"], ["pass", "."], ["skip", "--"], ["infra", "??"]]);
/** @param {string} klass */
export const classMark = klass => classMarks.get(klass) ?? "?";

/**
 * A cell's result in words.
 * @type {(verdict: string, outcome: string, flaky?: string, standing?: string) => string}
 */
export const describe = (verdict, outcome, flaky, standing) => {
  let text = verdict || "no verdict";
  if (outcome) text += " (" + outcome + ")";
  if (flaky) text += ", flaky " + flaky;
  if (standing) text += ", " + standingLabel(standing);
  return text;
};

/**
 * A verdict with its mark, outcome, class, flakiness and expectation.
 * @param {string} verdict
 */
export const badgeOf = (verdict, outcome = "", klass = "", flaky = "", standing = "") => el("span", { class: "badge " + resultClass(verdict, outcome, klass) },
  el("b", { "aria-hidden": "true" }, markOf(verdict, outcome, klass) + (flaky ? "*" : "")), " ", describe(verdict, outcome, flaky, standing));

/**
 * Labels of results against the user's expectations, in the terms of test frameworks.
 * @param {string} standing
 */
export const standingLabel = standing => standing === "expected-fail" ? "expected (XFAIL)" : standing === "unexpected-pass" ? "unexpected pass (XPASS)" : standing || "";

/** @type {(n: number, noun: string) => string} */
export const counted = (n, noun) => n.toLocaleString("en") + " " + noun + (n === 1 ? "" : "s");

/**
 * Formats milliseconds.
 * @param {number} n
 */
export const formatMS = n => {
  if (n < 10) return n.toFixed(1) + " ms";
  if (n < 10_000) return Math.round(n) + " ms";
  return n < 600_000 ? (n / 1000).toFixed(1) + " s" : Math.round(n / 60_000) + " min";
};

/**
 * Formats a point in time in UTC, as everywhere in the lab.
 * @param {string} text
 */
export const when = text => text ? el("time", { datetime: text }, text.slice(0, 19).replace("T", " ") + " UTC") : "";

/**
 * The net duration of a finished run, as text.
 * @param {doc.Run} run
 */
export const took = run => {
  const s = Math.round((Date.parse(run.finished) - Date.parse(run.started) - run.paused_ms) / 1000);
  if (!(s >= 0)) return "";
  return (s >= 3600 ? Math.floor(s / 3600) + " h " : "") + (s >= 60 ? Math.floor(s / 60) % 60 + " min " : "") + s % 60 + " s";
};
