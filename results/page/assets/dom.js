// Creates elements so that no text can become markup.
// @ts-check

const safeLink = /^(#|api\/|blob:|https?:\/\/)/;

/**
 * @typedef {Node | string | number | false | null | undefined} Child
 * @typedef {Child | Child[]} Children
 * @typedef {string | number | boolean | null | undefined} Value
 * @typedef {{ [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void }} Listeners
 * @typedef {{ [name: string]: Value | Listeners, on?: Listeners }} Attributes
 */

/**
 * Creates an element. A child is a node or text; null, undefined and false are
 * skipped. Links lead within the page, to its api/ or to http(s).
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} attributes true: present without a value; on: { event: listener }
 * @param {...Children} children
 */
export const el = (tag, attributes = {}, ...children) => {
  const e = document.createElement(tag);
  fill(e, attributes, children);
  return e;
};

/** @type {(e: Element, attributes: Attributes, children: Children[]) => void} */
const fill = (e, { on = {}, ...attributes }, children) => {
  for (const [event, listener] of Object.entries(on)) e.addEventListener(event, /** @type {EventListener} */ (listener));
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on") || name === "style" || name === "srcdoc") throw new Error("el: attribute not allowed: " + name);
    if ((name === "href" || name === "src") && !safeLink.test(String(value))) throw new Error("el: link not allowed: " + value);
    e.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) e.append(typeof child === "number" ? String(child) : child);
  }
};

/**
 * Creates an SVG element, as el does.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} attributes
 * @param {...Children} children
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
/** @type {(text: string) => Promise<boolean>} */
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

/**
 * What an exception says.
 * @param {unknown} error
 */
export const messageOf = error => error instanceof Error ? error.message : String(error);

/**
 * Shows an error in place of a view.
 * @param {HTMLElement} main
 * @param {unknown} error
 */
export const failure = (main, error) => {
  failed(main);
  main.replaceChildren(el("div", { class: "failure", role: "alert" },
    el("h1", {}, "Cannot show this page"),
    el("p", {}, messageOf(error)),
    el("p", {}, el("a", { href: "#/" }, "Start page"))));
};
