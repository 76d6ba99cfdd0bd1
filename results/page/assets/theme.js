// Light and dark: the system's choice until the reader makes one.
(() => {
  "use strict";
  const app = splicelab;
  const choices = ["auto", "light", "dark"];
  const signs = { auto: "◐", light: "☀", dark: "☾" };

  // A browser may refuse its storage to a page from a file.
  const stored = () => {
    try {
      return localStorage.getItem("splicelab.theme");
    } catch {
      return null;
    }
  };
  const store = theme => {
    try {
      localStorage.setItem("splicelab.theme", theme);
    } catch { /* it lasts as long as the page */ }
  };

  const set = theme => {
    if (theme === "auto") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.dataset.theme = theme;
  };

  let theme = choices.includes(stored()) ? stored() : "auto";
  set(theme);

  app.themeSwitch = () => {
    const button = app.el("button", { type: "button", class: "theme" });
    const label = () => {
      button.textContent = signs[theme] + " " + theme;
      button.setAttribute("aria-label", "colours: " + theme + "; change");
    };
    app.nextTheme = () => {
      theme = choices[(choices.indexOf(theme) + 1) % choices.length];
      set(theme);
      store(theme);
      label();
    };
    button.addEventListener("click", app.nextTheme);
    label();
    return button;
  };
})();
