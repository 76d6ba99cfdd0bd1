// Loads the documents, from the report file itself or from the page's server.
// Their fields are those of document.go.
// @ts-check
import { gridOf } from "./grid.js";

// Both sources have
//   live            whether there is a server behind it
//   runs(query)     {runs, total, skip}: the runs, newest first; query: {limit, skip}
//   run(id)         a run
//   cells(id)       its cells, by column
//   cell(id, kernel, fs, test)   everything about one
//   vectors(id)     its policy vectors
//   times(id)       where its time went
//   get(path)       any other document of the server: get("api/map?fs=xfs", {signal})
const memo = f => {
  let last = null; // one run is shown at a time
  return id => {
    if (last?.id !== id) {
      const mine = last = { id, promise: f(id) };
      mine.promise.catch(() => { if (last === mine) last = null; });
    }
    return last.promise;
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
    const remembered = memo(f);
    // A run in progress is fetched again each time.
    return async id => (await get(of(id))).finished ? remembered(id) : f(id);
  };
  return {
    live: true, get,
    runs: (query = {}, options = {}) => get("api/runs?" + new URLSearchParams(query), options),
    run: id => get(of(id)),
    cells: still(id => get(of(id, "/cells"))),
    cell: (id, kernel, fs, test) => get(of(id, "/cell?" + new URLSearchParams({ kernel, fs, test }))),
    vectors: still(id => get(of(id, "/vectors"))),
    times: still(id => get(of(id, "/times"))),
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
    cells: id => only(id, "cells"),
    cell: async (id, kernel, fs, test) => {
      const i = gridOf(await only(id, "cells")).find(kernel, fs, test);
      if (i < 0) throw new Error("Run " + id + " has no cell " + [kernel, fs, test].join(" ") + ".");
      const starts = await once("parts"); // the first cell of each
      let part = starts.length - 1;
      while (starts[part] > i) part--;
      return (await texts("part-" + part))[i - starts[part]];
    },
    vectors: id => only(id, "vectors"),
    times: id => only(id, "times"),
  };
};

/** @type {Record<string, any>} */
export const source = document.getElementById("document-run") ? embedded() : http();
