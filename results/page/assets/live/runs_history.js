// The history of a cell: its result in each run that has it.
// @ts-check
import { addView, cellHref, routeHref } from "../app.js";
import { el } from "../dom.js";
import { badgeOf, counted, describe, isFailing, markOf, resultClass, when } from "../format.js";
import { source } from "../source.js";

/** @type {import("../app.js").View["render"]} */
const render = async (main, route, signal) => {
  const [kernel, fs, test] = route.args;
  if (route.args.length !== 3) throw new Error("The address of a history must be #/history/KERNEL/FILESYSTEM/TEST.");
  const limit = route.params.get("runs") ?? "100";
  /** @type {doc.History} */
  const { history, runs } = await source.get("api/history?" + new URLSearchParams({ kernel, fs, test, limit }), { signal });
  const bad = history.filter(past => isFailing(past.verdict, "")).length, infra = history.filter(past => past.verdict === "infra").length;
  main.append(el("h1", {}, "History of " + test),
    el("p", { class: "facts" }, kernel + " · " + fs),
    el("p", {}, history.length === 0 ? "None of the last " + runs + " runs has this cell." :
      "Failed in " + bad + " of " + counted(history.length - infra, "run") + (infra ? "; " + infra + " more inconclusive (infra)" : "") + ", of the last " + runs + "."),
    el("p", { class: "strip" }, [...history].reverse().map(past => {
      const what = past.run + ": " + describe(past.verdict, past.outcome, past.flaky);
      return el("a", { class: "cell " + resultClass(past.verdict, past.outcome, past.class), href: cellHref(past.run, past.kernel, fs, test), "aria-label": markOf(past.verdict, past.outcome, past.class) + (past.flaky ? "* " : " ") + what, title: what },
        markOf(past.verdict, past.outcome, past.class) + (past.flaky ? "*" : ""));
    })),
    history.length ? el("div", { class: "scroll" }, el("table", { class: "list" },
      el("thead", {}, el("tr", {}, ["run", "started", "result"].map(name => el("th", { scope: "col" }, name)))),
      el("tbody", {}, history.map(past => el("tr", {},
        el("td", {}, el("a", { href: cellHref(past.run, past.kernel, fs, test) }, past.run)),
        el("td", {}, when(past.started)), el("td", {}, badgeOf(past.verdict, past.outcome, past.class, past.flaky))))))) : "",
    el("p", {}, el("a", { href: routeHref("map", [], new URLSearchParams({ tests: "^" + test.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") + "$", fs })) }, "All kernels"),
      runs < 1000 ? [" · ", el("a", { href: routeHref("history", route.args, new URLSearchParams({ runs: "1000" })) }, "Older runs")] : null));
};

addView("history", { title: route => "History of " + route.args.slice(2).join("/"), render });
