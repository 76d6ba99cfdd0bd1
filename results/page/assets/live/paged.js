// A run in progress that is read by tests. Its events would be those of millions
// of cells: instead what is shown is read again.
// @ts-check
import { routeHref, show } from "../app.js";
import { el, messageOf } from "../dom.js";
import { counted } from "../format.js";
import { conditions, runHead } from "../run.js";
import { source } from "../source.js";
import { testList } from "../tests.js";
import { violationBlock } from "../violations.js";
import { newProgress, stateOf } from "./progress.js";

const every = 2000; // ms; more where the server takes long to answer

/**
 * Calls on(event) as follow does, but with no events of single cells.
 * @type {import("./progress.js").Follow}
 */
export const poll = (id, { on, lost, signal }) => {
  let known = -1, timer = 0, from = 0;
  signal.addEventListener("abort", () => clearTimeout(timer));
  const look = async () => {
    const began = performance.now();
    try {
      const run = await source.run(id);
      if (signal.aborted) return;
      lost("");
      const done = run.tally.cells, now = stateOf(run);
      // An older splicelab, or one that has just begun, does not report its pace.
      if (!now.rate && !now.doing) {
        now.rate = known < 0 || !run.running ? 0 : 1000 * Math.max(0, done - known) / (began - from);
        now.doing = "running";
      }
      if (done !== known) on({ kind: "reset", cell: null, tally: null });
      on({ kind: run.finished ? "end" : "run", cell: null, ...now });
      known = done;
      from = began;
      if (run.finished) return;
    } catch (error) {
      if (signal.aborted) return;
      lost(messageOf(error) + " The page may be out of date.");
    }
    timer = setTimeout(look, Math.max(every, 5 * (performance.now() - began)));
  };
  look();
};

/** @type {(policy: string) => Record<string, string>} */
const policyParams = policy => policy ? { policy } : {};

/**
 * Says whose cells are shown.
 * @type {(id: string, chosen: string[], policy: string) => HTMLElement}
 */
export const pagedNote = (id, chosen, policy) => el("p", {}, "Only the cells of " + counted(chosen.length, "test") + ". ",
  el("a", { href: routeHref("run", [id], new URLSearchParams(policyParams(policy))) }, "All tests"));

/** @type {(list: Element) => HTMLInputElement | null} */
const searchField = list => list.querySelector("#find");

/**
 * The list of tests, read again while the run goes on.
 * @type {(main: HTMLElement, run: doc.Run, route: import("../app.js").Route, signal: AbortSignal) => import("../app.js").Drawn}
 */
export const renderTests = (main, run, route, signal) => {
  const progress = newProgress(run.id), holder = el("div", {}), violations = el("div", {});
  const policy = route.params.get("policy") ?? "";
  let over = false, reading = false, stale = false;
  const read = async () => {
    stale = true;
    while (stale && !reading && !signal.aborted) {
      reading = true;
      stale = false;
      try {
        const [list, found] = await Promise.all([source.tests(run.id), source.violations(run.id)]);
        const field = searchField(holder), typing = field && document.activeElement === field ? field : null;
        const link = holder.contains(document.activeElement) ? document.activeElement?.getAttribute("href") : null;
        holder.replaceChildren(testList(run.id, list, policyParams(policy), field?.value ?? ""));
        const again = searchField(holder);
        if (typing && again) {
          again.focus({ preventScroll: true });
          again.setSelectionRange(typing.selectionStart, typing.selectionEnd);
        } else if (link) {
          [...holder.querySelectorAll("a")].find(a => a.getAttribute("href") === link)?.focus({ preventScroll: true });
        }
        violations.replaceChildren(violationBlock(run.id, found, policy));
      } catch (error) {
        if (!signal.aborted) progress.lost(messageOf(error));
      }
      reading = false;
    }
  };
  main.append(runHead({ ...run, planned: 0 }), progress.element, violations, holder, conditions(run));
  progress.update(stateOf({ ...run, doing: run.doing || "running" }));
  poll(run.id, { signal, lost: progress.lost, on: event => {
    if (event.kind === "reset") read();
    if (event.tally) progress.update(event);
    if (event.kind === "end") {
      over = true;
      show();
    }
  } });
  return { update: next => !over && next.args[0] === run.id && next.args.length === 1 && !next.params.has("test") && (next.params.get("policy") ?? "") === policy };
};
