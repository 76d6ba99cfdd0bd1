// The history of a cell: what it came to in each run that has it.
(() => {
  "use strict";
  const app = splicelab;
  const { el } = app;
  if (!app.source.live) return;

  const render = async (main, route, signal) => {
    const [kernel, fs, test] = route.args;
    if (route.args.length !== 3) throw new Error("The address of a history is #/history/KERNEL/FILESYSTEM/TEST.");
    const limit = route.params.get("runs") ?? "100";
    const { history, runs } = await app.source.get("api/history?" + new URLSearchParams({ kernel, fs, test, limit }), { signal });
    const bad = history.filter(past => app.isBad(past.verdict, "")).length, infra = history.filter(past => past.verdict === "infra").length;
    main.append(el("h1", {}, "History of " + test),
      el("p", { class: "facts" }, kernel + " · " + fs),
      el("p", {}, history.length === 0 ? "No run among the last " + runs + " has this cell." :
        "Bad in " + bad + " of " + app.count(history.length - infra, "run") + (infra ? "; " + infra + " more say nothing (infra)" : "") + ", among the last " + runs + "."),
      el("p", { class: "strip" }, [...history].reverse().map(past => {
        const what = past.run + ": " + app.what(past.verdict, past.outcome, past.flaky);
        return el("a", { class: "cell " + app.verdictClass(past.verdict), href: app.cellHref(past.run, past.kernel, fs, test), "aria-label": what, title: what },
          app.mark(past.verdict, past.outcome) + (past.flaky ? "*" : ""));
      })),
      history.length ? el("div", { class: "scroll" }, el("table", { class: "list" },
        el("thead", {}, el("tr", {}, ["run", "started", "came to"].map(name => el("th", { scope: "col" }, name)))),
        el("tbody", {}, history.map(past => el("tr", {},
          el("td", {}, el("a", { href: app.cellHref(past.run, past.kernel, fs, test) }, past.run)),
          el("td", {}, app.when(past.started)), el("td", {}, app.badge(past.verdict, past.outcome, past.flaky))))))) : null,
      el("p", {}, el("a", { href: app.href("map", [], new URLSearchParams({ tests: "^" + test.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") + "$", fs })) }, "on all kernels"),
        runs < 1000 ? [" · ", el("a", { href: app.href("history", route.args, new URLSearchParams({ runs: "1000" })) }, "further back")] : null));
  };

  app.view("history", { title: route => "History of " + route.args.slice(2).join("/"), render });
})();
