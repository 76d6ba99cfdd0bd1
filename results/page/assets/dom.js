// Creates elements so that no text can become markup.
// @ts-check

const safeLink = /^(#|api\/|blob:|https?:\/\/)/;

/**
 * Creates an element. A child is a node or text; null, undefined and false are
 * skipped. Links lead within the page, to its api/ or to http(s).
 * @param {string} tag
 * @param {Record<string, any>} attributes true: present without a value; on: { event: listener }
 * @param {...any} children
 * @returns {any}
 */
export const el = (tag, attributes = {}, ...children) => {
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
    if (name.startsWith("on") || name === "style" || name === "srcdoc") throw new Error("el: attribute not allowed: " + name);
    if ((name === "href" || name === "src") && !safeLink.test(value)) throw new Error("el: link not allowed: " + value);
    e.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) e.append(child);
  }
};

/**
 * Creates an SVG element, as el does.
 * @param {string} tag
 * @param {Record<string, any>} attributes
 * @param {...any} children
 */
export const svg = (tag, attributes = {}, ...children) => {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  fill(e, attributes, children);
  return e;
};

/**
 * A button that copies text.
 * @param {string | (() => string)} text
 */
export const copyButton = (text, what = "Copy") => {
  const button = el("button", { type: "button", class: "copy", on: { click: async () => {
    const content = typeof text === "function" ? text() : text;
    const ok = await copied(content);
    button.textContent = ok ? "Copied" : "Press Ctrl-C";
    setTimeout(() => { button.textContent = what; }, 1500);
  } } }, what);
  return button;
};

// A browser may deny the clipboard to a page from a file.
const copied = async text => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = el("textarea", { class: "offscreen", readonly: true, "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    const ok = document.execCommand("copy");
    if (ok) area.remove();
    else area.addEventListener("blur", () => area.remove());
    return ok;
  }
};

/** @type {(main: HTMLElement) => void} */
let failed = () => {};

/**
 * Sets a hook for when a view fails.
 * @param {(main: HTMLElement) => void} f
 */
export const onFailure = f => { failed = f; };

/** Shows an error in place of a view. */
export const failure = (main, error) => {
  failed(main);
  main.replaceChildren(el("div", { class: "failure", role: "alert" },
    el("h1", {}, "Cannot show this page"),
    el("p", {}, String(error?.message ?? error)),
    el("p", {}, el("a", { href: "#/" }, "Start page"))));
};
