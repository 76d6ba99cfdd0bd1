// Keyboard shortcuts and their list.
// @ts-check
import { el } from "./dom.js";
import { current } from "./state.js";
import { nextTheme } from "./theme.js";

const shortcuts = new Map(); // "g r" → { doc, act }
const documented = []; // keys that a view handles itself
let before = "";

// key makes a shortcut of one key, or of two that follow each other, with a
// space between: key("g r", "the runs", () => splicelab.go("#/runs")). It is
// disabled while typing; act may return false for "not here".
export const shortcut = (keys, doc, act) => shortcuts.set(keys, { doc, act });

// documentKey documents a key that a view handles itself.
export const documentKey = (keys, doc) => documented.push([keys, doc]);

/** @param {any} e */
const typing = e => e.target.closest?.("input, textarea, select, [contenteditable]");

addEventListener("keydown", (/** @type {any} */ e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
  if (typing(e)) {
    if (e.key === "Escape") { // leaves the field and keeps its content
      e.preventDefault();
      e.target.blur();
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
