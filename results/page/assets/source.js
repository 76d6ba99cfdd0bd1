// Loads the documents, from the report file itself or from the page's server.
// Their fields are those of document.go.
// @ts-check
import { gridOf, parentOf } from "./grid.js";
import { cellUnder, underPolicy } from "./policy.js";

// Both sources have
//   live            whether there is a server behind it
//   runs(query)     {runs, total, skip}: the runs, newest first; query: {limit, skip}
//   run(id)         a run
//   cells(id, policy, tests)   its cells, by column; policy is the run's own if
//                   empty. A paged run has too many: only those of the tests
//   cell(id, kernel, fs, test, policy)   everything about one
//   tests(id)       the tests of a paged run
//   violations(id)  what every policy forbids
//   vectors(id)     its policy vectors
//   times(id)       where its time went
//   get(path)       any other document of the server: get("api/map?fs=xfs", {signal})
const memo = (f, most = 1) => { // one run is shown at a time, judged by few policies
  const last = new Map();
  return (id, policy = "", tests = []) => {
    const key = [id, policy, ...tests].join(" ");
    if (!last.has(key)) {
      const promise = f(id, policy, tests);
      last.set(key, promise);
      promise.catch(() => last.delete(key));
      if (last.size > most) last.delete(last.keys().next().value);
    }
    return last.get(key);
  };
};

const http = () => {
  const get = async (path, options = {}) => {
    const answer = await fetch(path, { headers: { Accept: "application/json" }, ...options });
    if (answer.ok) return answer.json();
    let text = answer.status + " " + answer.statusText;
    try {
      text = (await answer.json()).error || text;
    } catch { /* no document: use the status */ }
    throw new Error(text);
  };
  const of = (id, rest = "") => "api/runs/" + encodeURIComponent(id) + rest;
  const still = f => {
    const remembered = memo(f, 2);
    // A run in progress is fetched again each time.
    return async (id, policy = "", tests = []) => {
      const run = await get(of(id)), some = run.paged ? tests : [];
      return run.finished ? remembered(id, policy, some) : f(id, policy, some);
    };
  };
  const judged = (policy, tests) => "?" + new URLSearchParams([...(policy ? [["policy", policy]] : []), ...tests.map(test => ["test", test])]);
  return {
    live: true, get,
    runs: (query = {}, options = {}) => get("api/runs?" + new URLSearchParams(query), options),
    run: id => get(of(id)),
    cells: still((id, policy, tests) => get(of(id, "/cells" + judged(policy, tests)))),
    cell: (id, kernel, fs, test, policy = "") => get(of(id, "/cell?" + new URLSearchParams({ kernel, fs, test, ...(policy && { policy }) }))),
    tests: still(id => get(of(id, "/tests"))),
    violations: still(id => get(of(id, "/violations"))),
    vectors: still((id, policy, tests) => get(of(id, "/vectors" + judged("", tests)))),
    times: still((id, policy, tests) => get(of(id, "/times" + judged("", tests)))),
  };
};

const bytes = text => {
  const { fromBase64 } = /** @type {any} */ (Uint8Array);
  if (fromBase64) return fromBase64.call(Uint8Array, text);
  const raw = atob(text), out = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
  return out;
};

// parsed resolves when the whole file has been read: rarely used documents
// follow the script.
/** @type {Promise<void>} */
const parsed = new Promise(resolve => {
  if (document.readyState !== "loading") resolve();
  else document.addEventListener("DOMContentLoaded", () => resolve(), { once: true });
});

const embedded = () => {
  const read = async name => {
    let element = document.getElementById("document-" + name);
    if (!element) {
      await parsed;
      element = document.getElementById("document-" + name);
    }
    if (!element) throw new Error("This report lacks its document “" + name + "”: the file is corrupt or truncated.");
    const stream = new Blob([bytes(element.textContent)]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).json();
  };
  const documents = new Map();
  const once = name => {
    if (!documents.has(name)) documents.set(name, read(name));
    return documents.get(name);
  };
  const only = async (id, name) => {
    const run = await once("run");
    if (id !== run.id) throw new Error("This report contains run " + run.id + ", not " + id + ".");
    return once(name);
  };
  const texts = memo(read); // the texts of the cells are large: one part at a time
  return {
    live: false,
    get: path => Promise.reject(new Error("Not available in a report file: " + path)),
    runs: async () => ({ runs: [await once("run")], total: 1, skip: 0 }),
    run: id => only(id, "run"),
    cells: async (id, policy = "") => underPolicy(await only(id, "cells"), policy),
    cell: async (id, kernel, fs, test, policy = "") => {
      const cells = await only(id, "cells"), i = gridOf(cells).find(kernel, fs, test);
      if (i < 0) throw new Error("Run " + id + " has no cell " + [kernel, fs, test].join(" ") + ".");
      const starts = await once("parts"); // the first cell of each
      let part = starts.length - 1;
      while (starts[part] > i) part--;
      const cell = cellUnder(cells, i, (await texts("part-" + part))[i - starts[part]], policy);
      return { ...cell, about: (await once("tests"))[parentOf(test)] ?? cell.about };
    },
    violations: id => only(id, "violations"),
    vectors: id => only(id, "vectors"),
    times: id => only(id, "times"),
  };
};

/** @type {Record<string, any>} */
export const source = document.getElementById("document-run") ? embedded() : http();
