// The frame of the page: routes, views and the header.
//
// A view is a separate module, which registers it with addView and is imported
// by start.js (reports) or live/start.js (served pages). render gets an empty
// main element and a signal that is aborted when the view is left; exceptions
// are shown.
//
// Routes are in the hash, so that they also work from a file:// URL:
//
//   #/VIEW/ARG/ARG?NAME=VALUE     each ARG is encoded: test names contain slashes
//   #/run/ID?verdict=fail&q=xfs   the matrix of a run, filtered
//   #/run/ID/cell/KERNEL/FS/TEST  one cell; the query is the matrix's filter
//
// Guest output is hostile. It reaches the page as text only: use el() or
// textContent, never markup, and style through element.style. The page's
// Content-Security-Policy forbids inline scripts, handlers and style
// attributes.
// @ts-check
import { el, failure } from "./dom.js";
import { keysButton } from "./keys.js";
import { themeSwitch } from "./theme.js";

/**
 * @typedef {{ view: string, args: string[], params: URLSearchParams }} Route
 * @typedef {{ update?(route: Route): boolean, close?(): void }} Drawn
 *   update shows another route of the same view, or returns false to render again
 * @typedef {object} View
 * @property {string | ((route: Route) => string)} title of the window
 * @property {string} [nav] text of the link in the header, if any
 * @property {(main: HTMLElement, route: Route, signal: AbortSignal) => Promise<Drawn | null | void>} render
 */

/** @type {Map<string, View>} */
const views = new Map();
/** @type {{ name: string, view: Drawn | null, abort: AbortController } | null} */
let shown = null;
/** @type {() => string | Promise<string>} */
let home = () => "#/";

/**
 * Sets the target of an empty hash.
 * @param {() => string | Promise<string>} f
 */
export const setHome = f => { home = f; };

/**
 * Wraps an existing view.
 * @param {string} name
 * @param {(render: View["render"]) => View["render"]} wrap
 */
export const wrapView = (name, wrap) => {
  const view = views.get(name);
  if (view) view.render = wrap(view.render);
};

/** @type {(name: string, view: View) => void} */
export const addView = (name, view) => {
  if (views.has(name)) throw new Error("duplicate view " + name);
  views.set(name, view);
};

/** @param {string} text */
const decoded = text => {
  try {
    return decodeURIComponent(text);
  } catch { // typed by hand
    return text;
  }
};

/** @type {(hash: string) => Route} */
export const parseHash = hash => {
  const [path, ...query] = hash.replace(/^#?\/?/, "").split("?");
  const [view, ...args] = path.split("/").map(decoded);
  return { view, args, params: new URLSearchParams(query.join("?")) };
};
export const currentRoute = () => parseHash(location.hash);

/**
 * Returns the hash of a route.
 * @param {string} view
 * @param {string[]} args
 * @param {URLSearchParams | null} params
 */
export const routeHref = (view, args = [], params = null) => {
  const query = params ? params.toString() : "";
  return "#/" + [view, ...args].map(encodeURIComponent).join("/") + (query ? "?" + query : "");
};
/** @type {(run: string, kernel: string, fs: string, test: string, params?: URLSearchParams | null) => string} */
export const cellHref = (run, kernel, fs, test, params) => routeHref("run", [run, "cell", kernel, fs, test], params);

/**
 * Goes to a hash; replace leaves no entry in the history.
 * @type {(hash: string, options?: { replace?: boolean }) => Promise<void> | undefined}
 */
export const go = (hash, { replace = false } = {}) => {
  if (hash === location.hash) return undefined;
  if (!replace) {
    location.hash = hash; // shown by hashchange
    return undefined;
  }
  history.replaceState(null, "", hash);
  return show();
};

const leave = () => {
  if (!shown) return;
  shown.abort.abort();
  shown.view?.close?.();
  shown = null;
};

let moved = false; // the first view has been shown: the reader navigates

/** @type {Promise<void>} settles when the last requested route is drawn */
export let showing = Promise.resolve();

/** Draws the view in the URL. */
export const show = () => showing = draw();

/** @type {() => Promise<void>} */
const draw = async () => {
  const hash = location.hash, route = currentRoute();
  if (!route.view) {
    return go(await home(), { replace: true });
  }
  const view = views.get(route.view);
  const title = typeof view?.title === "function" ? view.title(route) : view?.title;
  document.title = (title ? title + " · " : "") + "splicelab";
  for (const a of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("header.top nav a"))) {
    if (a.dataset.view === route.view) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  }
  if (shown?.name === route.view && shown.view?.update?.(route)) return;
  leave();
  /** @type {{ name: string, view: Drawn | null, abort: AbortController }} */
  const mine = shown = { name: route.view, view: null, abort: new AbortController() };
  const main = el("main", { id: "main", tabindex: "-1" });
  document.getElementById("main")?.replaceWith(main);
  try {
    if (!view) throw new Error("Unknown view “" + route.view + "”.");
    mine.view = await view.render(main, route, mine.abort.signal) || null;
    // A screen reader continues at the head of the new view, unless the view has
    // chosen another place.
    if (shown === mine && moved && document.activeElement === document.body) main.focus({ preventScroll: true });
    moved = true;
    // The user left while it was loading, or went to another route of the view.
    if (shown !== mine) mine.view?.close?.();
    else if (location.hash !== hash) show();
  } catch (error) {
    if (shown === mine) failure(main, error);
  }
};

// start adds the header and shows the first view.
export const start = () => {
  const nav = el("nav", { "aria-label": "views" });
  for (const [name, view] of views) {
    if (view.nav) nav.append(el("a", { href: routeHref(name), "data-view": name }, view.nav));
  }
  const header = el("header", { class: "top" },
    el("a", { class: "skip", href: "#main", on: { click: e => { e.preventDefault(); document.getElementById("main")?.focus(); } } }, "Skip to content"),
    el("a", { class: "brand", href: "#/" }, "splicelab"), nav,
    el("span", { class: "space" }), themeSwitch(), keysButton());
  document.body.replaceChildren(header, el("main", { id: "main" }), ...document.querySelectorAll("body > script"));
  addEventListener("hashchange", show);
  return show();
};
