// The page of runs, without a framework and without a build step. The files of
// assets/ are scripts that share one object, splicelab. They are put together
// by assets.go: this file and the helpers named below first, start.js last, the
// others by name between them, then those of assets/live/, which are there only
// where a server gives the page out. While they load they may only define
// things; start.js runs them.
//
// How a view is added (in a file of its own):
//
//   splicelab.view("runs", {
//     title: "Runs",                  // of the window; or (route) => string
//     nav: "Runs",                    // a link in the header; leave it out for none
//     render(main, route, signal) {   // may be async; what it throws is shown
//       main.append(splicelab.el("h1", {}, "Runs"));
//       return {
//         update(route) { return false; }, // the same view, another route: true when it has been drawn
//         close() {},                      // before another view is shown
//       };                                 // or return nothing
//     },
//   });
//
//   splicelab.home = () => "#/runs";  // where an empty hash leads; may be async; set it while loading
//
// main is an empty element. signal is an AbortSignal for fetch and
// addEventListener: it is aborted when the view is left.
//
// Routes are in the hash, so that they work from a file too:
//
//   #/VIEW/ARG/ARG?NAME=VALUE     each ARG encoded: a test's name holds slashes
//   #/run/ID?verdict=fail&q=xfs   the matrix of a run, filtered
//   #/run/ID/cell/KERNEL/FS/TEST  one cell; what follows ? is the matrix's filter
//
//   route = { view, args: [...], params: URLSearchParams }
//   splicelab.href(view, args, params)   the hash of a route
//   splicelab.go(hash, {replace: true})  goes there; replace: leaves no entry in the history
//   splicelab.route()                    where the page is
//   splicelab.cellHref(run, kernel, fs, test, params)
//
// Helpers, each described where it is:
//
//   dom.js     el(tag, attributes, ...children), copyButton(text), failure(main, error)
//   format.js  badge(verdict, outcome, flaky), mark(...), when(rfc3339), took(run), ms(n), count(n, noun)
//   source.js  source.live, source.runs(), .run(id), .cells(id), .cell(id, kernel, fs, test), .get(path)
//   keys.js    key("g r", "the runs", f): a shortcut, which ? lists
//   run.js     runHead(run): the heading of a run with its counts and its problem
//
// What a guest printed is hostile. It gets into the page as text alone: use
// el() or textContent, never innerHTML, and style through element.style. The
// page's policy forbids inline scripts, handlers and style attributes.
(() => {
  "use strict";

  const views = new Map();
  const app = globalThis.splicelab = { views, home: () => "#/" };
  let shown = null; // { name, view, abort }

  app.view = (name, view) => {
    if (views.has(name)) throw new Error("two views are called " + name);
    views.set(name, view);
  };

  const decoded = text => {
    try {
      return decodeURIComponent(text);
    } catch { // typed by hand
      return text;
    }
  };

  app.parse = hash => {
    const [path, ...query] = hash.replace(/^#?\/?/, "").split("?");
    const [view, ...args] = path.split("/").map(decoded);
    return { view, args, params: new URLSearchParams(query.join("?")) };
  };
  app.route = () => app.parse(location.hash);

  app.href = (view, args = [], params = null) => {
    const query = params ? params.toString() : "";
    return "#/" + [view, ...args].map(encodeURIComponent).join("/") + (query ? "?" + query : "");
  };
  app.cellHref = (run, kernel, fs, test, params) => app.href("run", [run, "cell", kernel, fs, test], params);

  app.go = (hash, { replace = false } = {}) => {
    if (hash === location.hash) return undefined;
    if (!replace) {
      location.hash = hash; // and hashchange shows it
      return undefined;
    }
    history.replaceState(null, "", hash);
    return app.show();
  };

  const leave = () => {
    if (!shown) return;
    shown.abort.abort();
    shown.view?.close?.();
    shown = null;
  };

  // show draws what the address says; app.showing is done when it is there.
  app.show = () => app.showing = show();

  const show = async () => {
    const hash = location.hash, route = app.route();
    if (!route.view) {
      return app.go(await app.home(), { replace: true });
    }
    const view = views.get(route.view);
    const title = typeof view?.title === "function" ? view.title(route) : view?.title;
    document.title = (title ? title + " · " : "") + "splicelab";
    for (const a of document.querySelectorAll("header.top nav a")) {
      if (a.dataset.view === route.view) a.setAttribute("aria-current", "page");
      else a.removeAttribute("aria-current");
    }
    if (shown?.name === route.view && shown.view?.update?.(route)) return;
    leave();
    const mine = shown = { name: route.view, view: null, abort: new AbortController() };
    const main = app.el("main", { id: "main", tabindex: "-1" });
    document.getElementById("main").replaceWith(main);
    try {
      if (!view) throw new Error("This page has no view “" + route.view + "”.");
      mine.view = await view.render(main, route, mine.abort.signal) || null;
      // Left while it was loading, or gone on to another route of the view.
      if (shown !== mine) mine.view?.close?.();
      else if (location.hash !== hash) app.show();
    } catch (error) {
      if (shown === mine) app.failure(main, error);
    }
  };

  // start puts up the header and shows the first view.
  app.start = () => {
    const nav = app.el("nav", { "aria-label": "views" });
    for (const [name, view] of views) {
      if (view.nav) nav.append(app.el("a", { href: app.href(name), "data-view": name }, view.nav));
    }
    const header = app.el("header", { class: "top" },
      app.el("a", { class: "skip", href: "#main", on: { click: e => { e.preventDefault(); document.getElementById("main").focus(); } } }, "to the content"),
      app.el("a", { class: "brand", href: "#/" }, "splicelab"), nav,
      app.el("span", { class: "space" }), app.themeSwitch(), app.keysButton());
    document.body.replaceChildren(header, app.el("main", { id: "main" }), ...document.querySelectorAll("body > script"));
    addEventListener("hashchange", app.show);
    return app.show();
  };
})();
