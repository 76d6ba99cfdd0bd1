// The matrix of a run in progress. It keeps its scroll position and filter
// while cells arrive; when the run is over, the view of a finished run replaces
// it.
// @ts-check
import { cellHref, currentRoute, go, routeHref, show, wrapView } from "../app.js";
import { el, messageOf } from "../dom.js";
import { applyFilter, filterParams, parseFilter, unfiltered } from "../filter.js";
import { filterBar } from "../filterbar.js";
import { gridOf } from "../grid.js";
import { pagedNote, poll, renderTests } from "./paged.js";
import { follow, newProgress, stateOf } from "./progress.js";
import { newMatrix } from "../matrix.js";
import { underPolicy, verdictUnder } from "../policy.js";
import { conditions, runHead } from "../run.js";
import { source } from "../source.js";
import { current, keptOf } from "../state.js";
import { violationBlock } from "../violations.js";

const drawEvery = 250, readEvery = 2000, violationsEvery = 1000; // ms

/**
 * @typedef {import("../grid.js").Grid} Grid
 * @typedef {object} Table
 * @property {doc.Cells} cells
 * @property {Grid} grid
 * @property {(cell: doc.EventCell) => boolean} take adds a cell, or returns false if the table has no place for it
 * @property {(document: doc.Cells) => void} read
 * @property {() => void} settle
 */

/** @type {(names: string[]) => Map<string, number>} the index of each name */
const indexOf = names => new Map(names.map((name, i) => [name, i]));

/**
 * A document of cells to which arriving ones are added; judged, the same under
 * the policy that is shown; and its grid. The last two stay the same objects
 * because the matrix references them.
 * @type {(first: doc.Cells, policy: () => string) => Table}
 */
const table = (first, policy) => {
  const cells = { ...first }, judged = /** @type {doc.Cells} */ ({}), grid = /** @type {Grid} */ ({});
  let turn = 0;
  const learn = () => ({
    kernels: indexOf(cells.kernels), filesystems: indexOf(cells.filesystems), tests: indexOf(cells.tests), details: indexOf(cells.details),
    verdicts: indexOf(cells.verdicts), outcomes: indexOf(cells.outcomes), classes: indexOf(cells.classes),
  });
  let at = learn();
  const settle = () => {
    cells.details = cells.details.slice(); // caches of the old list are not valid for this one
    const under = underPolicy({ ...cells }, policy()), fresh = gridOf({ ...under });
    become(judged, under);
    // A look's number may mean something else after a rebuild, and the matrix
    // caches texts by look.
    fresh.look = Float64Array.from(fresh.look, look => look + turn * 2 ** 40);
    turn++;
    become(grid, { ...fresh, cells: judged });
  };
  settle();
  return {
    cells, grid,
    take(cell) {
      const k = at.kernels.get(cell.kernel), f = at.filesystems.get(cell.fs), t = at.tests.get(cell.test);
      const v = at.verdicts.get(cell.verdict), o = at.outcomes.get(cell.outcome), c = at.classes.get(cell.class);
      if (k === undefined || f === undefined || t === undefined || v === undefined || o === undefined || c === undefined) return false;
      let i = grid.find(cell.kernel, cell.fs, cell.test);
      if (i < 0) { // or it arrived after the grid was built
        i = grid.n;
        while (i < cells.test.length && !(cells.test[i] === t && cells.kernel[i] === k && cells.filesystem[i] === f)) i++;
      }
      if (cells.attempts[i] > cell.attempts) return true; // already read, with later attempts
      let d = at.details.get(cell.detail);
      if (d === undefined) {
        d = cells.details.push(cell.detail) - 1;
        at.details.set(cell.detail, d);
      }
      cells.kernel[i] = k;
      cells.filesystem[i] = f;
      cells.test[i] = t;
      cells.verdict[i] = v;
      cells.outcome[i] = o;
      cells.class[i] = c;
      cells.detail[i] = d;
      cells.attempts[i] = cell.attempts;
      cells.duration[i] = cell.duration_ms;
      if (cell.flaky) cells.flaky[i] = cell.flaky;
      else delete cells.flaky[i];
      if (cell.standing) cells.standing[i] = cell.standing;
      else delete cells.standing[i];
      for (const rule of cells.policies) {
        delete rule.judged[i]; // of fewer attempts
        delete rule.standing[i];
        // What is expected where the verdict differs, the next document tells.
        if (cell.standing && verdictUnder(cells, rule.name, cell.verdict, cell.outcome, cell.class) === cell.verdict) rule.standing[i] = cell.standing;
      }
      return true;
    },
    read(document) {
      become(cells, document);
      at = learn();
    },
    settle,
  };
};

/**
 * Gives an object the fields of another one and no others.
 * @type {<T extends object>(object: T, other: T) => void}
 */
const become = (object, other) => {
  for (const name of Object.keys(object)) Reflect.deleteProperty(object, name);
  Object.assign(object, other);
};

/**
 * The whole document of cells is fetched each time: that of a run in progress
 * changes at any moment.
 * @type {(id: string, tests: string[], signal: AbortSignal) => Promise<doc.Cells>}
 */
const readCells = (id, tests, signal) => source.get("api/runs/" + encodeURIComponent(id) + "/cells?" + new URLSearchParams(tests.map(test => ["test", test])), { signal });

/** @type {(main: HTMLElement, id: string, signal: AbortSignal) => Promise<import("../app.js").Drawn>} */
const render = async (main, id, signal) => {
  const run = await source.run(id);
  const chosen = run.paged ? currentRoute().params.getAll("test") : []; // whose cells are read
  const progress = newProgress(id);
  const kept = keptOf(id);
  /** @type {Table | null} */
  let data = null;
  /** @type {import("../filterbar.js").Bar | null} */
  let bar = null;
  /** @type {import("../matrix.js").Matrix | null} */
  let matrix = null;
  let over = false, barIsOf = "";
  let filter = parseFilter(currentRoute().params);
  const holder = el("div", {}), empty = el("p", { class: "empty" }, "No results yet.");
  empty.hidden = true;

  const head = document.createElement("div");
  const drawHead = () => head.replaceChildren(runHead({ ...run, planned: 0 }));
  drawHead();
  progress.update(stateOf(run));
  const violations = el("div", {});
  main.append(head, progress.element, run.paged ? pagedNote(id, chosen, filter.policy) : "", violations, empty, holder, conditions(run));

  // The violations are read again when there are more cells with one. A run that
  // takes long to read is read less often.
  let violating = -1, looking = 0, took = 0;
  /** @param {doc.Tally} tally */
  const lookAtViolations = tally => {
    const now = tally.classes.violation ?? 0;
    if (now === violating || looking) return;
    const delay = violating < 0 ? 0 : Math.max(violationsEvery, 5 * took);
    violating = now;
    looking = setTimeout(async () => {
      const from = performance.now();
      try {
        violations.replaceChildren(violationBlock(id, await source.violations(id), filter.policy));
      } catch (error) {
        if (!signal.aborted) progress.lost(messageOf(error));
      }
      took = performance.now() - from;
      looking = 0;
      if (!signal.aborted) lookAtViolations(run.tally);
    }, delay);
  };
  signal.addEventListener("abort", () => clearTimeout(looking));
  lookAtViolations(run.tally);

  /** @type {(cells: doc.Cells, i: number) => string} */
  const href = (cells, i) => {
    return cellHref(id, cells.kernels[cells.kernel[i]], cells.filesystems[cells.filesystem[i]], cells.tests[cells.test[i]], filterParams(filter));
  };
  /** @param {import("../filter.js").Filter} next */
  const change = next => {
    if (run.paged && [...next.test].join() !== chosen.join()) { // other cells
      go(routeHref("run", [id], filterParams(next)), { replace: true });
      return;
    }
    const anew = next.policy !== filter.policy;
    filter = next;
    history.replaceState(null, "", routeHref("run", [id], filterParams(filter)));
    if (anew) draw();
    else apply();
  };
  // The bar offers the values that occur. It is not updated while one of its
  // lists is open.
  /** @type {(grid: Grid) => import("../filterbar.js").Bar} */
  const barFor = grid => {
    const { cells } = grid;
    const occurring = [cells.kernels, cells.filesystems, cells.tests.length, grid.families.map(f => f.name), [...new Set(cells.class)].sort(), [...new Set(cells.verdict)].sort(), [...new Set(cells.outcome)].sort(),
      Object.keys(cells.flaky).length > 0, [...new Set(Object.values(cells.standing))].sort()];
    const is = JSON.stringify(occurring);
    if (bar && (is === barIsOf || bar.element.querySelector("details[open]"))) return bar;
    barIsOf = is;
    const old = bar, before = old && searchField(old.element), typing = before && document.activeElement === before ? before : null;
    bar = filterBar(grid, run.policy, change, signal);
    if (old) old.element.replaceWith(bar.element);
    else holder.prepend(bar.element);
    const field = typing && searchField(bar.element);
    if (field) {
      field.value = typing.value;
      field.focus();
      field.setSelectionRange(typing.selectionStart, typing.selectionEnd);
    }
    return bar;
  };
  const none = el("p", { class: "empty", hidden: true }, "No cell matches. ", el("a", { href: routeHref("run", [id], filterParams(unfiltered(filter))) }, "Show all"));
  const apply = () => {
    if (!data || !bar || !matrix) return;
    const result = applyFilter(data.grid, filter);
    bar.update(filter, result);
    none.hidden = result.shown > 0 || !data.grid.n;
    matrix.element.hidden = !result.columns.length; // planned columns are shown at once
    matrix.update(result.columns, result.match, kept.full);
  };
  const draw = () => {
    if (!data) return;
    const { grid } = data;
    empty.hidden = data.cells.test.length > 0;
    if (!empty.hidden && !data.cells.planned_kernel.length) return;
    data.settle();
    bar = barFor(grid);
    if (!matrix) {
      matrix = newMatrix(grid, { cellHref: i => href(grid.cells, i), kept, signal });
      holder.append(matrix.element, none);
      current.matrix = { get bar() { return bar; }, matrix };
      apply();
      if (matrix.restore()) matrix.focus();
      return;
    }
    apply();
  };

  // The cells are read once the stream is open, so that none is missed in
  // between.
  /** @type {doc.EventCell[]} */
  let waiting = [];
  let unknown = false, drawing = 0, reading = false, lastRead = -readEvery, readTook = 0;
  /** @param {doc.EventCell} cell */
  const take = cell => {
    if (!data?.take(cell)) unknown = true; // of a kernel or test that the table lacks
  };
  const soon = () => {
    if (drawing || signal.aborted) return;
    const delay = data || reading ? drawEvery : 0;
    drawing = setTimeout(async () => {
      drawing = 0;
      const now = performance.now();
      if (unknown && !reading && now - lastRead >= Math.max(readEvery, 5 * readTook)) await readAll();
      else if (data) draw();
      if (unknown) soon();
    }, delay);
  };
  const readAll = async () => {
    reading = true;
    unknown = false;
    lastRead = performance.now();
    waiting = [];
    try {
      const document = await readCells(id, chosen, signal);
      readTook = performance.now() - lastRead;
      if (data) data.read(document);
      else data = table(document, () => filter.policy);
      data.settle();
      for (const cell of waiting) take(cell);
      draw();
      progress.lost("");
    } catch (error) {
      if (signal.aborted) return;
      unknown = true;
      progress.lost(messageOf(error));
    } finally {
      reading = false;
      if (unknown) soon();
    }
  };

  (run.paged ? poll : follow)(id, { signal, lost: text => {
    progress.lost(text);
    if (text && !data && !reading) readAll(); // without a stream, show what there is
  }, on: event => {
    if (event.cell) {
      if (reading) waiting.push(event.cell);
      else take(event.cell);
      soon();
    }
    if (event.kind === "reset") {
      unknown = true;
      soon();
    }
    if (event.tally) {
      progress.update(event);
      run.tally = event.tally;
      lookAtViolations(event.tally);
      run.planned = event.planned;
    }
    if (event.kind === "end") {
      over = true;
      show(); // switches to the view of a finished run
    }
  } });

  return {
    update(next) {
      if (over || next.args[0] !== id || next.args.length > 1 || run.paged && next.params.getAll("test").join() !== chosen.join()) return false;
      filter = parseFilter(next.params);
      if (data && bar) draw();
      return true;
    },
    close() { current.matrix = null; },
  };
};

/** @type {(bar: Element) => HTMLInputElement | null} */
const searchField = bar => bar.querySelector("input[type=search]");

wrapView("run", finished => async (main, route, signal) => {
  const [id, ...rest] = route.args;
  if (id && rest.length === 0) {
    const run = await source.run(id);
    // latest, @baseline and the like refer to a run, which may change.
    if (run.id !== id) return go(routeHref("run", [run.id], route.params), { replace: true });
    if (!run.finished) return run.paged && !route.params.has("test") ? renderTests(main, run, route, signal) : render(main, id, signal);
  }
  return finished(main, route, signal);
});
