// Shortcuts, and the list of them.
(() => {
  "use strict";
  const app = splicelab;
  const { el } = app;
  const shortcuts = new Map(); // "g r" → { doc, act }
  const told = []; // keys that a view handles itself
  let before = "";

  // key makes a shortcut of one key, or of two that follow each other, with a
  // space between: key("g r", "the runs", () => splicelab.go("#/runs")). It
  // does nothing while somebody types; act may return false for "not here".
  app.key = (keys, doc, act) => shortcuts.set(keys, { doc, act });

  // tellKey lists a key that a view handles itself.
  app.tellKey = (keys, doc) => told.push([keys, doc]);

  const typing = e => e.target.closest?.("input, textarea, select, [contenteditable]");

  addEventListener("keydown", e => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
    if (typing(e)) {
      if (e.key === "Escape") { // leaves the field, and what is in it
        e.preventDefault();
        e.target.blur();
        app.inMatrix?.matrix.focus();
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
    const rows = [...told, ...[...shortcuts].map(([keys, { doc }]) => [keys, doc])];
    const dialog = el("dialog", { class: "keys", "aria-label": "keys", on: { close: () => dialog.remove() } },
      el("h2", {}, "Keys"),
      el("table", {}, el("tbody", {}, rows.map(([keys, doc]) => el("tr", {},
        el("th", { scope: "row" }, keys.split(" ").map(k => el("kbd", {}, k === "Escape" ? "Esc" : k))), el("td", {}, doc))))),
      el("form", { method: "dialog" }, el("button", {}, "Close")));
    document.body.append(dialog);
    dialog.showModal();
  };

  app.keysButton = () => el("button", { type: "button", "aria-label": "keys", on: { click: show } }, "?");

  app.key("?", "these keys", show);
  app.key("t", "light, dark, or as the system has it", () => app.nextTheme());
})();
