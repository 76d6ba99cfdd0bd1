// Keyboard shortcuts and their list.
// @ts-check
import { el } from "./dom.js";
import { current } from "./state.js";
import { nextTheme } from "./theme.js";

/** @typedef {(event: KeyboardEvent) => unknown} Act */

/** @type {Map<string, { doc: string, act: Act }>} "g r" → what it does */
const shortcuts = new Map();
/** @type {[string, string][]} keys that a view handles itself */
const documented = [];
let before = "";

/**
 * Makes a shortcut of one key, or of two that follow each other, with a space
 * between: shortcut("g r", "the runs", () => go("#/runs")). It is disabled while
 * typing; act may return false for "not here".
 * @type {(keys: string, doc: string, act: Act) => void}
 */
export const shortcut = (keys, doc, act) => { shortcuts.set(keys, { doc, act }); };

/**
 * Documents a key that a view handles itself.
 * @type {(keys: string, doc: string) => void}
 */
export const documentKey = (keys, doc) => { documented.push([keys, doc]); };

/** @type {(e: KeyboardEvent) => HTMLElement | null} the field in which the user types */
const typing = e => e.target instanceof HTMLElement && e.target.closest("input, textarea, select, [contenteditable]") ? e.target : null;

addEventListener("keydown", e => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
  const field = typing(e);
  if (field) {
    if (e.key === "Escape") { // leaves the field and keeps its content
      e.preventDefault();
      field.blur();
      current.matrix?.matrix.focus();
    }
    return;
  }
  if (document.querySelector("dialog[open]")) return; // Escape closes it
  const two = before + " " + e.key;
  const found = shortcuts.get(two) ?? shortcuts.get(e.key);
  before = e.key;
  if (found && found.act(e) !== false) {
    e.preventDefault();
    before = "";
  }
});

const show = () => {
  const rows = [...documented, ...[...shortcuts].map(([keys, { doc }]) => [keys, doc])];
  const dialog = el("dialog", { class: "keys", "aria-label": "Keyboard shortcuts", on: { close: () => dialog.remove() } },
    el("h2", {}, "Keyboard shortcuts"),
    el("table", {}, el("tbody", {}, rows.map(([keys, doc]) => el("tr", {},
      el("th", { scope: "row" }, keys.split(" ").map(k => el("kbd", {}, k === "Escape" ? "Esc" : k))), el("td", {}, doc))))),
    el("form", { method: "dialog" }, el("button", {}, "Close")));
  document.body.append(dialog);
  dialog.showModal();
};

export const keysButton = () => el("button", { type: "button", "aria-label": "Keyboard shortcuts", on: { click: show } }, "?");

shortcut("?", "show this list", show);
shortcut("t", "switch color theme (auto, light, dark)", () => nextTheme());
