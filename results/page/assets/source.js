// Loads the documents, from the report file itself or from the page's server.
// @ts-check
import { gridOf, parentOf } from "./grid.js";
import { cellUnder, underPolicy } from "./policy.js";

/**
 * @template Document
 * @typedef {(id: string, policy?: string, tests?: string[]) => Promise<Document>} Read reads a
 *   document of a run; policy is the run's own if empty. A paged run has too many
 *   cells: only those of the tests
 */

/**
 * @typedef {object} Source
 * @property {boolean} live whether there is a server behind it
 * @property {(query?: { limit?: number, skip?: number }, options?: RequestInit) => Promise<doc.Runs>} runs newest first
 * @property {(id: string) => Promise<doc.Run>} run
 * @property {Read<doc.Cells>} cells
 * @property {(id: string, kernel: string, fs: string, test: string, policy?: string) => Promise<doc.Cell>} cell
 * @property {Read<doc.Tests>} tests of a paged run
 * @property {Read<doc.Violations>} violations
 * @property {Read<doc.Vectors>} vectors
 * @property {Read<doc.Times>} times
 * @property {<Document>(path: string, options?: RequestInit) => Promise<Document>} get any other
 *   document of the server: get("api/map?fs=xfs", { signal })
 */

/**
 * Remembers the last documents: one run is shown at a time, judged by few policies.
 * @template Document
 * @param {(id: string, policy: string, tests: string[]) => Promise<Document>} f
 * @returns {Read<Document>}
 */
const memo = (f, most = 1) => {
  /** @type {Map<string, Promise<Document>>} */
  const last = new Map();
  return (id, policy = "", tests = []) => {
    const key = [id, policy, ...tests].join(" "), known = last.get(key);
    if (known) return known;
    const promise = f(id, policy, tests);
    last.set(key, promise);
    promise.catch(() => last.delete(key));
    for (const oldest of last.keys()) if (last.size > most) last.delete(oldest);
    return promise;
  };
};

/** @type {() => Source} */
const http = () => {
  /** @type {Source["get"]} */
  const get = async (path, options = {}) => {
    const answer = await fetch(path, { headers: { Accept: "application/json" }, ...options });
    if (answer.ok) return answer.json();
    let text = answer.status + " " + answer.statusText;
    try {
      text = (await answer.json()).error || text;
    } catch { /* no document: use the status */ }
    throw new Error(text);
  };
  /** @param {string} id */
  const of = (id, rest = "") => "api/runs/" + encodeURIComponent(id) + rest;
  /**
   * A run in progress is fetched again each time.
   * @template Document
   * @param {(id: string, policy: string, tests: string[]) => Promise<Document>} f
   * @returns {Read<Document>}
   */
  const still = f => {
    const remembered = memo(f, 2);
    return async (id, policy = "", tests = []) => {
      /** @type {doc.Run} */
      const run = await get(of(id));
      const some = run.paged ? tests : [];
      return run.finished ? remembered(id, policy, some) : f(id, policy, some);
    };
  };
  /** @type {(policy: string, tests: string[]) => string} */
  const judged = (policy, tests) => "?" + new URLSearchParams([...(policy ? [["policy", policy]] : []), ...tests.map(test => ["test", test])]);
  return {
    live: true, get,
    runs: (query = {}, options = {}) => get("api/runs?" + new URLSearchParams(Object.entries(query).map(([name, n]) => [name, String(n)])), options),
    run: id => get(of(id)),
    cells: still((id, policy, tests) => get(of(id, "/cells" + judged(policy, tests)))),
    cell: (id, kernel, fs, test, policy = "") => get(of(id, "/cell?" + new URLSearchParams({ kernel, fs, test, ...(policy && { policy }) }))),
    tests: still(id => get(of(id, "/tests"))),
    violations: still(id => get(of(id, "/violations"))),
    vectors: still((id, policy, tests) => get(of(id, "/vectors" + judged("", tests)))),
    times: still((id, policy, tests) => get(of(id, "/times" + judged("", tests)))),
  };
};

/** @type {(text: string) => Uint8Array<ArrayBuffer>} */
const bytes = text => {
  const native = /** @type {{ fromBase64?(text: string): Uint8Array<ArrayBuffer> }} */ (Uint8Array); // in newer browsers
  if (native.fromBase64) return native.fromBase64(text);
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

/**
 * @typedef {{ run: doc.Run, cells: doc.Cells, parts: number[], tests: Record<string, doc.About>, violations: doc.Violations, vectors: doc.Vectors, times: doc.Times }} Documents
 *   of a report file by name, besides the cells' parts
 */

/** @type {() => Source} */
const embedded = () => {
  /** @param {string} name */
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
  /** @type {Partial<Record<keyof Documents, Promise<any>>>} */
  const documents = {};
  /** @type {<Name extends keyof Documents>(name: Name) => Promise<Documents[Name]>} */
  const once = name => documents[name] ??= read(name);
  /** @type {<Name extends keyof Documents>(id: string, name: Name) => Promise<Documents[Name]>} */
  const only = async (id, name) => {
    const run = await once("run");
    if (id !== run.id) throw new Error("This report contains run " + run.id + ", not " + id + ".");
    return once(name);
  };
  /** @type {Read<doc.Cell[]>} the texts of the cells are large: one part at a time */
  const texts = memo(read);
  /** @type {(what: string) => Promise<never>} */
  const absent = what => Promise.reject(new Error("Not available in a report file: " + what));
  return {
    live: false,
    get: absent,
    tests: () => absent("list of tests"),
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

/** @type {Source} */
export const source = document.getElementById("document-run") ? embedded() : http();
