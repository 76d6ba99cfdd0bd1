// Color theme: the system's until the user selects one.
// @ts-check
import { el } from "./dom.js";

const choices = ["auto", "light", "dark"];
/** @type {Record<string, string>} */
const signs = { auto: "◐", light: "☀", dark: "☾" };

// A browser may deny storage to a page from a file.
const stored = () => {
  try {
    return localStorage.getItem("splicelab.theme");
  } catch {
    return null;
  }
};
/** @param {string} theme */
const store = theme => {
  try {
    localStorage.setItem("splicelab.theme", theme);
  } catch { /* then it lasts as long as the page */ }
};

/** @param {string} theme */
const set = theme => {
  if (theme === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset.theme = theme;
};

let theme = stored() ?? "auto";
if (!choices.includes(theme)) theme = "auto";
set(theme);

/** Selects the next theme, once the switch exists. */
export let nextTheme = () => {};

export const themeSwitch = () => {
  const button = el("button", { type: "button", class: "theme" });
  const label = () => {
    button.textContent = signs[theme] + " " + theme;
    button.setAttribute("aria-label", "Color theme: " + theme + "; change");
  };
  nextTheme = () => {
    theme = choices[(choices.indexOf(theme) + 1) % choices.length];
    set(theme);
    store(theme);
    label();
  };
  button.addEventListener("click", nextTheme);
  label();
  return button;
};
