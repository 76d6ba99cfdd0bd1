// Elements, made so that no text can become markup.
(() => {
  "use strict";
  const app = splicelab;
  const safeLink = /^(#|api\/|blob:|https?:\/\/)/;

  // el makes an element. attributes: strings by name; true and false for those
  // that are there or not; on: {event: listener}. A child is a node or text;
  // null, undefined and false are left out. Links lead within the page, to its
  // api/ or to http(s).
  app.el = (tag, attributes = {}, ...children) => {
    const e = document.createElement(tag);
    fill(e, attributes, children);
    return e;
  };

  const fill = (e, attributes, children) => {
    for (const [name, value] of Object.entries(attributes)) {
      if (value === false || value === null || value === undefined) continue;
      if (name === "on") {
        for (const [event, listener] of Object.entries(value)) e.addEventListener(event, listener);
        continue;
      }
      if (name.startsWith("on") || name === "style" || name === "srcdoc") throw new Error("el: no attribute " + name);
      if ((name === "href" || name === "src") && !safeLink.test(value)) throw new Error("el: no link to " + value);
      e.setAttribute(name, value === true ? "" : value);
    }
    for (const child of children.flat()) {
      if (child !== null && child !== undefined && child !== false) e.append(child);
    }
  };

  // svg makes an element of a drawing, as el does.
  app.svg = (tag, attributes = {}, ...children) => {
    const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
    fill(e, attributes, children);
    return e;
  };

  // copyButton copies text, a string or a function that returns one.
  app.copyButton = (text, what = "copy") => {
    const button = app.el("button", { type: "button", class: "copy", on: { click: async () => {
      const content = typeof text === "function" ? text() : text;
      const ok = await copied(content);
      button.textContent = ok ? "copied" : "press Ctrl-C";
      setTimeout(() => { button.textContent = what; }, 1500);
    } } }, what);
    return button;
  };

  // A browser may refuse its clipboard to a page from a file.
  const copied = async text => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = app.el("textarea", { class: "offscreen", readonly: true, "aria-hidden": "true" });
      area.value = text;
      document.body.append(area);
      area.select();
      const ok = document.execCommand("copy");
      if (ok) area.remove();
      else area.addEventListener("blur", () => area.remove());
      return ok;
    }
  };

  // failure shows an error in place of a view.
  app.failure = (main, error) => {
    main.replaceChildren(app.el("div", { class: "failure", role: "alert" },
      app.el("h1", {}, "This cannot be shown"),
      app.el("p", {}, String(error?.message ?? error)),
      app.el("p", {}, app.el("a", { href: "#/" }, "To the beginning"))));
  };
})();
