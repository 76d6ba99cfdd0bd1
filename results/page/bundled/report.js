"use strict";
var splicelab = (() => {
  var __defProp = Object.defineProperty;
  var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
  var __getOwnPropNames = Object.getOwnPropertyNames;
  var __hasOwnProp = Object.prototype.hasOwnProperty;
  var __export = (target, all) => {
    for (var name in all)
      __defProp(target, name, { get: all[name], enumerable: true });
  };
  var __copyProps = (to, from, except, desc) => {
    if (from && typeof from === "object" || typeof from === "function") {
      for (let key of __getOwnPropNames(from))
        if (!__hasOwnProp.call(to, key) && key !== except)
          __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
    }
    return to;
  };
  var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);

  // assets/start.js
  var start_exports = {};
  __export(start_exports, {
    logView: () => logView,
    showing: () => showing
  });

  // assets/dom.js
  var safeLink = /^(#|api\/|blob:|https?:\/\/)/;
  var el = (tag, attributes = {}, ...children) => {
    const e = document.createElement(tag);
    fill(e, attributes, children);
    return e;
  };
  var fill = (e, { on = {}, ...attributes }, children) => {
    for (const [event, listener] of Object.entries(on)) e.addEventListener(
      event,
      /** @type {EventListener} */
      listener
    );
    for (const [name, value] of Object.entries(attributes)) {
      if (value === false || value === null || value === void 0) continue;
      if (name.startsWith("on") || name === "style" || name === "srcdoc") throw new Error("el: attribute not allowed: " + name);
      if ((name === "href" || name === "src") && !safeLink.test(String(value))) throw new Error("el: link not allowed: " + value);
      e.setAttribute(name, value === true ? "" : String(value));
    }
    for (const child of children.flat()) {
      if (child !== null && child !== void 0 && child !== false) e.append(typeof child === "number" ? String(child) : child);
    }
  };
  var svg = (tag, attributes = {}, ...children) => {
    const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
    fill(e, attributes, children);
    return e;
  };
  var copyButton = (text, what = "Copy") => {
    const button = el("button", { type: "button", class: "copy", on: { click: async () => {
      const content = typeof text === "function" ? text() : text;
      const ok = await copied(content);
      button.textContent = ok ? "Copied" : "Press Ctrl-C";
      setTimeout(() => {
        button.textContent = what;
      }, 1500);
    } } }, what);
    return button;
  };
  var copied = async (text) => {
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
  var failed = () => {
  };
  var messageOf = (error) => error instanceof Error ? error.message : String(error);
  var failure = (main, error) => {
    failed(main);
    main.replaceChildren(el(
      "div",
      { class: "failure", role: "alert" },
      el("h1", {}, "Cannot show this page"),
      el("p", {}, messageOf(error)),
      el("p", {}, el("a", { href: "#/" }, "Start page"))
    ));
  };

  // assets/state.js
  var current = { matrix: null, cell: null, print: null };
  var kept = /* @__PURE__ */ new Map();
  var keptOf = (run) => {
    let state = kept.get(run);
    if (!state) kept.set(run, state = { toggled: /* @__PURE__ */ new Set(), full: false });
    return state;
  };

  // assets/theme.js
  var choices = ["auto", "light", "dark"];
  var signs = { auto: "◐", light: "☀", dark: "☾" };
  var stored = () => {
    try {
      return localStorage.getItem("splicelab.theme");
    } catch {
      return null;
    }
  };
  var store = (theme2) => {
    try {
      localStorage.setItem("splicelab.theme", theme2);
    } catch {
    }
  };
  var set = (theme2) => {
    if (theme2 === "auto") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.dataset.theme = theme2;
  };
  var theme = stored() ?? "auto";
  if (!choices.includes(theme)) theme = "auto";
  set(theme);
  var nextTheme = () => {
  };
  var themeSwitch = () => {
    const button = el("button", { type: "button", class: "theme" });
    const label = () => {
      button.textContent = signs[theme] + " " + theme;
      button.setAttribute("aria-label", "Color theme: " + theme + "; change");
    };
    nextTheme = () => {
      theme = choices[(choices.indexOf(theme) + 1) % choices.length];
      set(theme);
      store(theme);
      label();
    };
    button.addEventListener("click", nextTheme);
    label();
    return button;
  };

  // assets/keys.js
  var shortcuts = /* @__PURE__ */ new Map();
  var documented = [];
  var before = "";
  var shortcut = (keys, doc, act) => {
    shortcuts.set(keys, { doc, act });
  };
  var documentKey = (keys, doc) => {
    documented.push([keys, doc]);
  };
  var typing = (e) => e.target instanceof HTMLElement && e.target.closest("input, textarea, select, [contenteditable]") ? e.target : null;
  addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
    const field = typing(e);
    if (field) {
      if (e.key === "Escape") {
        e.preventDefault();
        field.blur();
        current.matrix?.matrix.focus();
      }
      return;
    }
    if (document.querySelector("dialog[open]")) return;
    const two = before + " " + e.key;
    const found = shortcuts.get(two) ?? shortcuts.get(e.key);
    before = e.key;
    if (found && found.act(e) !== false) {
      e.preventDefault();
      before = "";
    }
  });
  var show = () => {
    const rows = [...documented, ...[...shortcuts].map(([keys, { doc }]) => [keys, doc])];
    const dialog = el(
      "dialog",
      { class: "keys", "aria-label": "Keyboard shortcuts", on: { close: () => dialog.remove() } },
      el("h2", {}, "Keyboard shortcuts"),
      el("table", {}, el("tbody", {}, rows.map(([keys, doc]) => el(
        "tr",
        {},
        el("th", { scope: "row" }, keys.split(" ").map((k) => el("kbd", {}, k === "Escape" ? "Esc" : k))),
        el("td", {}, doc)
      )))),
      el("form", { method: "dialog" }, el("button", {}, "Close"))
    );
    document.body.append(dialog);
    dialog.showModal();
  };
  var keysButton = () => el("button", { type: "button", "aria-label": "Keyboard shortcuts", on: { click: show } }, "?");
  shortcut("?", "show this list", show);
  shortcut("t", "switch color theme (auto, light, dark)", () => nextTheme());

  // assets/app.js
  var views = /* @__PURE__ */ new Map();
  var shown = null;
  var home = () => "#/";
  var setHome = (f) => {
    home = f;
  };
  var addView = (name, view) => {
    if (views.has(name)) throw new Error("duplicate view " + name);
    views.set(name, view);
  };
  var decoded = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  var parseHash = (hash) => {
    const [path, ...query] = hash.replace(/^#?\/?/, "").split("?");
    const [view, ...args] = path.split("/").map(decoded);
    return { view, args, params: new URLSearchParams(query.join("?")) };
  };
  var currentRoute = () => parseHash(location.hash);
  var routeHref = (view, args = [], params = null) => {
    const query = params ? params.toString() : "";
    return "#/" + [view, ...args].map(encodeURIComponent).join("/") + (query ? "?" + query : "");
  };
  var cellHref = (run, kernel, fs, test, params) => routeHref("run", [run, "cell", kernel, fs, test], params);
  var go = (hash, { replace = false } = {}) => {
    if (hash === location.hash) return void 0;
    if (!replace) {
      location.hash = hash;
      return void 0;
    }
    history.replaceState(null, "", hash);
    return show2();
  };
  var leave = () => {
    if (!shown) return;
    shown.abort.abort();
    shown.view?.close?.();
    shown = null;
  };
  var moved = false;
  var showing = Promise.resolve();
  var show2 = () => showing = draw();
  var draw = async () => {
    const hash = location.hash, route = currentRoute();
    if (!route.view) {
      return go(await home(), { replace: true });
    }
    const view = views.get(route.view);
    const title = typeof view?.title === "function" ? view.title(route) : view?.title;
    document.title = (title ? title + " · " : "") + "splicelab";
    for (
      const a of
      /** @type {NodeListOf<HTMLElement>} */
      document.querySelectorAll("header.top nav a")
    ) {
      if (a.dataset.view === route.view) a.setAttribute("aria-current", "page");
      else a.removeAttribute("aria-current");
    }
    if (shown?.name === route.view && shown.view?.update?.(route)) return;
    leave();
    const mine = shown = { name: route.view, view: null, abort: new AbortController() };
    const main = el("main", { id: "main", tabindex: "-1" });
    document.getElementById("main")?.replaceWith(main);
    try {
      if (!view) throw new Error("Unknown view “" + route.view + "”.");
      mine.view = await view.render(main, route, mine.abort.signal) || null;
      if (shown === mine && moved && document.activeElement === document.body) main.focus({ preventScroll: true });
      moved = true;
      if (shown !== mine) mine.view?.close?.();
      else if (location.hash !== hash) show2();
    } catch (error) {
      if (shown === mine) failure(main, error);
    }
  };
  var start = () => {
    const nav = el("nav", { "aria-label": "views" });
    for (const [name, view] of views) {
      if (view.nav) nav.append(el("a", { href: routeHref(name), "data-view": name }, view.nav));
    }
    const header = el(
      "header",
      { class: "top" },
      el("a", { class: "skip", href: "#main", on: { click: (e) => {
        e.preventDefault();
        document.getElementById("main")?.focus();
      } } }, "Skip to content"),
      el("a", { class: "brand", href: "#/" }, "splicelab"),
      nav,
      el("span", { class: "space" }),
      themeSwitch(),
      keysButton()
    );
    document.body.replaceChildren(header, el("main", { id: "main" }), ...document.querySelectorAll("body > script"));
    addEventListener("hashchange", show2);
    return show2();
  };

  // assets/format.js
  var marks = { "pass": ".", "fail": "x", "skip": "--", "crash": "!!", "hang": "~~", "boot-fail": "##", "infra": "??" };
  var letters = {
    "": " ",
    "snapshot": "S",
    "live": "L",
    "zeroed": "Z",
    "torn": "T",
    "blocked": "B",
    "dropped": "D",
    "error": "E",
    "short": "<",
    "extra": ">",
    "phantom-zero": "P",
    "moved": "M",
    "stale": "O",
    "consumer-write": "W",
    "foreign": "F"
  };
  var verdictNames = Object.keys(marks);
  var verdictMark = (verdict) => Object.hasOwn(marks, verdict) ? marks[verdict] : "??";
  var letterOf = (outcome) => Object.hasOwn(letters, outcome) ? letters[outcome] : "?";
  var traitMark = (trait) => trait === "flaky" ? "*" : trait === "expected-fail" ? "e" : trait === "unexpected-pass" ? "u" : "";
  var markOf = (verdict, outcome, klass = "", letter = letterOf(outcome)) => verdict === "pass" && klass === "deviates" ? ":" + letter : verdict === "pass" || verdict === "fail" ? verdictMark(verdict) + letter : verdictMark(verdict);
  var isFailing = (verdict, standing) => standing !== "expected-fail" && (verdict === "fail" || verdict === "crash" || verdict === "hang" || verdict === "boot-fail");
  var verdictClass = (verdict) => Object.hasOwn(marks, verdict) ? "v-" + verdict : "v-infra";
  var outcomeClass = (outcome) => outcome && Object.hasOwn(letters, outcome) ? "o-" + outcome : "o-unknown";
  var resultClass = (verdict, outcome, klass = "") => (outcome && klass !== "pass" && (verdict === "pass" || verdict === "fail") ? outcomeClass(outcome) : verdictClass(verdict)) + (classNames.includes(klass) ? " c-" + klass : "");
  var classNames = ["violation", "deviates", "pass", "skip", "infra"];
  var classMarks = /* @__PURE__ */ new Map([["violation", "x"], ["deviates", ":"], ["pass", "."], ["skip", "--"], ["infra", "??"]]);
  var classMark = (klass) => classMarks.get(klass) ?? "?";
  var describe = (verdict, outcome, flaky, standing) => {
    let text = verdict || "no verdict";
    if (outcome) text += " (" + outcome + ")";
    if (flaky) text += ", flaky " + flaky;
    if (standing) text += ", " + standingLabel(standing);
    return text;
  };
  var badgeOf = (verdict, outcome = "", klass = "", flaky = "", standing = "") => el(
    "span",
    { class: "badge " + resultClass(verdict, outcome, klass) },
    el("b", { "aria-hidden": "true" }, markOf(verdict, outcome, klass) + (flaky ? "*" : "")),
    " ",
    describe(verdict, outcome, flaky, standing)
  );
  var standingLabel = (standing) => standing === "expected-fail" ? "expected (XFAIL)" : standing === "unexpected-pass" ? "unexpected pass (XPASS)" : standing || "";
  var counted = (n, noun) => n.toLocaleString("en") + " " + noun + (n === 1 ? "" : "s");
  var formatMS = (n) => {
    if (n < 10) return n.toFixed(1) + " ms";
    if (n < 1e4) return Math.round(n) + " ms";
    return n < 6e5 ? (n / 1e3).toFixed(1) + " s" : Math.round(n / 6e4) + " min";
  };
  var when = (text) => text ? el("time", { datetime: text }, text.slice(0, 19).replace("T", " ") + " UTC") : "";
  var took = (run) => {
    const s = Math.round((Date.parse(run.finished) - Date.parse(run.started) - run.paused_ms) / 1e3);
    if (!(s >= 0)) return "";
    return (s >= 3600 ? Math.floor(s / 3600) + " h " : "") + (s >= 60 ? Math.floor(s / 60) % 60 + " min " : "") + s % 60 + " s";
  };

  // assets/grid.js
  var grids = /* @__PURE__ */ new WeakMap();
  var gridOf = (cells) => {
    const grid = grids.get(cells) ?? make(cells);
    grids.set(cells, grid);
    return grid;
  };
  var make = (cells) => {
    const n = cells.test.length, filesystems = cells.filesystems.length;
    const columns = [], columnAt2 = new Int32Array(cells.kernels.length * filesystems).fill(-1);
    const planned = [];
    for (let i = 0; i < n; i++) columnAt2[cells.kernel[i] * filesystems + cells.filesystem[i]] = 0;
    const plannedAt = new Set(cells.planned_kernel.map((kernel, j) => kernel * filesystems + cells.planned_filesystem[j]));
    for (const p of plannedAt) columnAt2[p] = 0;
    for (let p = 0; p < columnAt2.length; p++) {
      if (columnAt2[p] < 0) continue;
      columnAt2[p] = columns.length;
      if (plannedAt.has(p)) planned.push(columns.length);
      columns.push({ kernel: Math.floor(p / filesystems), fs: p % filesystems });
    }
    const places = new Int32Array(cells.tests.length * columns.length).fill(-1);
    const columnOf = new Int32Array(n), look = new Float64Array(n);
    const bad = new Uint8Array(n), remarkable = new Uint8Array(n), skip = new Uint8Array(n);
    const badVerdict = cells.verdicts.map((v) => isFailing(v, ""));
    const infra = cells.verdicts.indexOf("infra"), skipped = cells.verdicts.indexOf("skip"), violation = cells.classes.indexOf("violation");
    for (let i = 0; i < n; i++) {
      const column = columnAt2[cells.kernel[i] * filesystems + cells.filesystem[i]];
      columnOf[i] = column;
      places[cells.test[i] * columns.length + column] = i;
      look[i] = (cells.verdict[i] * 16 + cells.class[i]) * 256 + cells.outcome[i];
      skip[i] = cells.verdict[i] === skipped ? 1 : 0;
      bad[i] = badVerdict[cells.verdict[i]] ? 1 : 0;
      remarkable[i] = bad[i] || cells.verdict[i] === infra || cells.class[i] === violation ? 1 : 0;
    }
    const extra = /* @__PURE__ */ new Map();
    const number = (text) => {
      const known2 = extra.get(text) ?? extra.size + 1;
      extra.set(text, known2);
      return known2;
    };
    for (const [key, flaky] of Object.entries(cells.flaky)) {
      const i = Number(key);
      look[i] += 1048576 * number("flaky " + flaky);
      remarkable[i] = 1;
    }
    for (const [key, standing] of Object.entries(cells.standing)) {
      const i = Number(key);
      look[i] += 1048576 * number(standing + " " + (cells.flaky[i] ?? ""));
      if (standing === "expected-fail") bad[i] = remarkable[i] = 0;
      else remarkable[i] = 1;
    }
    return {
      cells,
      n,
      columns,
      planned,
      columnOf,
      look,
      skip,
      bad,
      remarkable,
      at: (test, column) => places[test * columns.length + column],
      find(kernel, fs, test) {
        const k = cells.kernels.indexOf(kernel), f = cells.filesystems.indexOf(fs), t = cells.tests.indexOf(test);
        if (k < 0 || f < 0 || t < 0) return -1;
        const column = columnAt2[k * filesystems + f];
        return column < 0 ? -1 : places[t * columns.length + column];
      },
      families: familiesOf(cells),
      heads: cells.labels.map((label, k) => [label, rest(label, cells.packages[k])])
    };
  };
  var suiteOf = (test) => {
    const name = test.split("/", 1)[0];
    return name.slice(0, name.lastIndexOf(".") + 1);
  };
  var parentOf = (test) => test.split("/", 1)[0];
  var familiesOf = (cells) => {
    const byName = /* @__PURE__ */ new Map();
    cells.tests.forEach((test, t) => {
      const name = cells.families[cells.family[t]] || suiteOf(test).replace(/\.$/, "") || "tests";
      const tests = byName.get(name);
      if (tests) tests.push(t);
      else byName.set(name, [t]);
    });
    return [...byName].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true })).map(([name, tests]) => ({ name, tests }));
  };
  var rest = (label, name) => !name ? "" : name.startsWith(label) ? name.slice(label.length) : " " + name;
  var tableRows = (grid, columns, match, toggled, full = false) => {
    const rows = [];
    for (const family of grid.families) {
      const shown2 = family.tests.filter((t) => columns.some((c) => {
        const i = grid.at(t, c);
        return i >= 0 && match[i];
      }));
      if (!shown2.length) continue;
      const key = "family " + family.name, open = !toggled.has(key);
      const heading = grid.families.length > 1;
      if (heading) rows.push({ kind: "family", key, label: family.name, title: family.name, depth: 0, test: -1, tests: shown2, foldable: true, open, at: nothing });
      if (heading && !open) continue;
      groups(rows, grid, shown2, columns, match, toggled, full, heading ? 1 : 0);
    }
    return rows;
  };
  var groups = (rows, grid, tests, columns, match, toggled, full, depth) => {
    const names = grid.cells.tests, prefix = common(tests.map((t) => names[t]));
    for (let from = 0; from < tests.length; ) {
      const parent = parentOf(names[tests[from]]);
      let to = from + 1;
      while (to < tests.length && parentOf(names[tests[to]]) === parent) to++;
      const group = tests.slice(from, to);
      from = to;
      const label = parent.slice(prefix.length);
      if (group.length === 1) {
        const name = names[group[0]];
        rows.push({ kind: "test", key: name, label: name.slice(prefix.length), title: name, depth, test: group[0], tests: group, foldable: false, open: false, at: (c) => grid.at(group[0], c) });
        continue;
      }
      const same = full ? "" : alike(grid, group, columns, match);
      const open = same !== "" === toggled.has(parent);
      if (!open) {
        rows.push({
          kind: "group",
          key: parent,
          label: label + (same ? " (" + group.length + (same === "skips" ? " alike but for skips)" : " identical)") : " (" + group.length + ")"),
          title: parent,
          depth,
          test: same ? group[0] : -1,
          tests: group,
          foldable: true,
          open,
          at: same ? (c) => foremost(grid, group, c) : nothing
        });
        continue;
      }
      const own = names[group[0]] === parent;
      rows.push({ kind: "group", key: parent, label, title: parent, depth, test: own ? group[0] : -1, tests: group, foldable: true, open, at: own ? (c) => grid.at(group[0], c) : nothing });
      for (const t of own ? group.slice(1) : group) {
        rows.push({ kind: "test", key: names[t], label: names[t].slice(parent.length + 1), title: names[t], depth: depth + 1, test: t, tests: [t], foldable: false, open: false, at: (c) => grid.at(t, c) });
      }
    }
  };
  var nothing = () => -1;
  var foremost = (grid, tests, c) => {
    const first = grid.at(tests[0], c);
    if (first >= 0 && grid.skip[first]) {
      for (const t of tests) {
        const i = grid.at(t, c);
        if (i >= 0 && !grid.skip[i]) return i;
      }
    }
    return first;
  };
  var alike = (grid, tests, columns, match) => {
    let how = "same";
    for (const c of columns) {
      const first = foremost(grid, tests, c);
      for (const t of tests) {
        const i = grid.at(t, c);
        if (first < 0 || i < 0) {
          if (first !== i) return "";
        } else if (grid.look[i] !== grid.look[first]) {
          if (!grid.skip[i] || match[i] && !match[first]) return "";
          how = "skips";
        } else if (match[i] !== match[first]) {
          return "";
        }
      }
    }
    return how;
  };
  var common = (names) => {
    const suite = suiteOf(names[0]);
    if (!names.every((n) => n.startsWith(suite))) return "";
    return names.every((n) => n.startsWith(suite + "Test") && !/^(\/|$)/.test(n.slice(suite.length + 4))) ? suite + "Test" : suite;
  };

  // assets/policy.js
  var derived = /* @__PURE__ */ new WeakMap();
  var verdictUnder = (cells, policy, verdict, outcome, klass) => {
    const rule = cells.policies.find((p) => p.name === policy);
    if (!rule || klass !== "deviates") return verdict;
    const o = cells.outcomes.indexOf(outcome);
    return o >= 0 && rule.accepts[o] ? "pass" : "fail";
  };
  var underPolicy = (cells, policy) => {
    const rule = cells.policies.find((p) => p.name === policy);
    if (!rule) return cells;
    const known2 = derived.get(cells) ?? /* @__PURE__ */ new Map();
    derived.set(cells, known2);
    const now = known2.get(policy) ?? judge(cells, rule);
    known2.set(policy, now);
    return now;
  };
  var judge = (cells, rule) => {
    const deviates = cells.classes.indexOf("deviates"), pass = cells.verdicts.indexOf("pass"), fail = cells.verdicts.indexOf("fail");
    const now = { ...cells, outcome: cells.outcome.slice(), detail: cells.detail.slice(), class: cells.class.slice(), flaky: { ...cells.flaky }, standing: rule.standing, why: rule.why };
    now.verdict = cells.verdict.map((v, i) => cells.class[i] !== deviates ? v : rule.accepts[cells.outcome[i]] ? pass : fail);
    for (const [key, judged] of Object.entries(rule.judged)) {
      const i = Number(key);
      now.verdict[i] = judged.verdict;
      now.outcome[i] = judged.outcome;
      now.detail[i] = judged.detail;
      now.class[i] = judged.class;
      if (judged.flaky) now.flaky[i] = judged.flaky;
      else delete now.flaky[i];
    }
    return now;
  };
  var cellUnder = (cells, i, cell, policy) => {
    const now = underPolicy(cells, policy);
    if (now === cells) return cell;
    const again = (one) => ({ ...one, verdict: verdictUnder(cells, policy, one.verdict, one.outcome, one.class) });
    return {
      ...cell,
      verdict: now.verdicts[now.verdict[i]],
      outcome: now.outcomes[now.outcome[i]],
      class: now.classes[now.class[i]],
      meaning: now.meanings[now.outcome[i]],
      flaky: now.flaky[i] ?? "",
      standing: now.standing[i] ?? "",
      why: i in now.why ? now.reasons[now.why[i]] : "",
      attempts: cell.attempts.map(again),
      history: cell.history.map(again)
    };
  };

  // assets/source.js
  var memo = (f, most2 = 1) => {
    const last = /* @__PURE__ */ new Map();
    return (id, policy = "", tests = []) => {
      const key = [id, policy, ...tests].join(" "), known2 = last.get(key);
      if (known2) return known2;
      const promise = f(id, policy, tests);
      last.set(key, promise);
      promise.catch(() => last.delete(key));
      for (const oldest of last.keys()) if (last.size > most2) last.delete(oldest);
      return promise;
    };
  };
  var http = () => {
    const get = async (path, options = {}) => {
      const answer = await fetch(path, { headers: { Accept: "application/json" }, ...options });
      if (answer.ok) return answer.json();
      let text = answer.status + " " + answer.statusText;
      try {
        text = (await answer.json()).error || text;
      } catch {
      }
      throw new Error(text);
    };
    const of = (id, rest2 = "") => "api/runs/" + encodeURIComponent(id) + rest2;
    const still = (f) => {
      const remembered = memo(f, 2);
      return async (id, policy = "", tests = []) => {
        const run = await get(of(id));
        const some3 = run.paged ? tests : [];
        return run.finished ? remembered(id, policy, some3) : f(id, policy, some3);
      };
    };
    const judged = (policy, tests) => "?" + new URLSearchParams([...policy ? [["policy", policy]] : [], ...tests.map((test) => ["test", test])]);
    return {
      live: true,
      get,
      runs: (query = {}, options = {}) => get("api/runs?" + new URLSearchParams(Object.entries(query).map(([name, n]) => [name, String(n)])), options),
      run: (id) => get(of(id)),
      cells: still((id, policy, tests) => get(of(id, "/cells" + judged(policy, tests)))),
      cell: (id, kernel, fs, test, policy = "") => get(of(id, "/cell?" + new URLSearchParams({ kernel, fs, test, ...policy && { policy } }))),
      tests: still((id) => get(of(id, "/tests"))),
      violations: still((id) => get(of(id, "/violations"))),
      vectors: still((id, policy, tests) => get(of(id, "/vectors" + judged("", tests)))),
      times: still((id, policy, tests) => get(of(id, "/times" + judged("", tests))))
    };
  };
  var bytes = (text) => {
    const native = (
      /** @type {{ fromBase64?(text: string): Uint8Array<ArrayBuffer> }} */
      Uint8Array
    );
    if (native.fromBase64) return native.fromBase64(text);
    const raw = atob(text), out = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
    return out;
  };
  var parsed = new Promise((resolve) => {
    if (document.readyState !== "loading") resolve();
    else document.addEventListener("DOMContentLoaded", () => resolve(), { once: true });
  });
  var embedded = () => {
    const read = async (name) => {
      let element = document.getElementById("document-" + name);
      if (!element) {
        await parsed;
        element = document.getElementById("document-" + name);
      }
      if (!element) throw new Error("This report lacks its document “" + name + "”: the file is corrupt or truncated.");
      const stream = new Blob([bytes(element.textContent)]).stream().pipeThrough(new DecompressionStream("gzip"));
      return new Response(stream).json();
    };
    const documents = {};
    const once = (name) => documents[name] ??= read(name);
    const only = async (id, name) => {
      const run = await once("run");
      if (id !== run.id) throw new Error("This report contains run " + run.id + ", not " + id + ".");
      return once(name);
    };
    const texts = memo(read);
    const absent = (what) => Promise.reject(new Error("Not available in a report file: " + what));
    return {
      live: false,
      get: absent,
      tests: () => absent("list of tests"),
      runs: async () => ({ runs: [await once("run")], total: 1, skip: 0 }),
      run: (id) => only(id, "run"),
      cells: async (id, policy = "") => underPolicy(await only(id, "cells"), policy),
      cell: async (id, kernel, fs, test, policy = "") => {
        const cells = await only(id, "cells"), i = gridOf(cells).find(kernel, fs, test);
        if (i < 0) throw new Error("Run " + id + " has no cell " + [kernel, fs, test].join(" ") + ".");
        const starts = await once("parts");
        let part = starts.length - 1;
        while (starts[part] > i) part--;
        const cell = cellUnder(cells, i, (await texts("part-" + part))[i - starts[part]], policy);
        return { ...cell, about: (await once("tests"))[parentOf(test)] ?? cell.about };
      },
      violations: (id) => only(id, "violations"),
      vectors: (id) => only(id, "vectors"),
      times: (id) => only(id, "times")
    };
  };
  var source = document.getElementById("document-run") ? embedded() : http();

  // assets/about.js
  var cited = (text, refs) => {
    const parts = [];
    let rest2 = text;
    for (; ; ) {
      const found = refs.map((ref) => ({ ref, at: rest2.indexOf(ref.cited) })).filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at)[0];
      if (!found) return [...parts, rest2];
      parts.push(rest2.slice(0, found.at), el("a", { href: found.ref.url }, found.ref.cited));
      rest2 = rest2.slice(found.at + found.ref.cited.length);
    }
  };
  var aboutSection = (about) => about.doc || about.steps.length ? el(
    "section",
    { class: "about" },
    el("h2", {}, "The test" + (about.number ? " (" + about.number + ")" : "")),
    about.doc ? el("p", {}, cited(about.doc, about.refs)) : null,
    about.steps.length ? [el("h3", {}, "Steps"), el("ol", {}, about.steps.map((step) => el("li", {}, cited(step, about.refs))))] : null,
    about.oracle ? [el("h3", {}, "Oracle"), el("p", {}, cited(about.oracle, about.refs))] : null,
    about.known.length ? [el("h3", {}, "Known"), el("ul", {}, about.known.map((known2) => el("li", {}, cited(known2, about.refs))))] : null,
    about.refs.map((ref) => el("p", { class: "ref" }, ref.cited + ": ", el("a", { href: ref.url }, ref.subject), ", " + ref.date))
  ) : el("div", {});
  var outcomeRange = (grid, i) => {
    const { cells } = grid;
    if (i < 0 || cells.kernels.length < 2) return "";
    const same = cells.kernels.filter((_, kernel) => {
      const column = grid.columns.findIndex((c) => c.kernel === kernel && c.fs === cells.filesystem[i]);
      const j = column < 0 ? -1 : grid.at(cells.test[i], column);
      return j >= 0 && cells.outcome[j] === cells.outcome[i] && (cells.outcome[i] > 0 || cells.verdict[j] === cells.verdict[i]);
    });
    if (same.length < 2) return "only on " + cells.kernels[cells.kernel[i]];
    return "first on " + same[0] + ", last on " + same[same.length - 1] + ", on " + same.length + " of " + cells.kernels.length + " kernels";
  };

  // assets/bytes.js
  var width = 1e3;
  var mostParts = 256;
  var hex = (n) => "0x" + n.toString(16);
  var rangeText = ({ offset, length, outcome }) => outcome + " " + hex(offset) + " to " + hex(offset + length) + " (" + counted(length, "byte") + ")";
  var facts = ({ length, page, folio, slots, ranges, hole }, wrong) => [
    ...ranges.map(rangeText),
    hole.length ? "hole " + hex(hole.offset) + " to " + hex(hole.offset + hole.length) + " (" + counted(hole.length, "byte") + ")" : null,
    ...wrong.map((w) => "first wrong bytes at " + hex(w.offset) + (w.title ? ": " + w.title : "")),
    page ? counted(Math.ceil(length / page), "page") + " of " + page + " bytes" : null,
    folio ? "the first page is in a folio of " + hex(folio) + " bytes" : null,
    slots && page ? Math.min(Math.ceil(length / page), slots) + " of " + counted(slots, "slot") + " of the pipe" : null
  ].filter((text) => text !== null);
  var byteBar = (layout, wrong) => {
    const { length, page, folio, slots, ranges, hole } = layout;
    if (!length) return null;
    const at = (offset) => width * Math.min(offset, length) / length;
    const box = (from, to, y, height, style) => svg("rect", { class: style, x: String(at(from)), y: String(y), width: String(Math.max(at(to) - at(from), 1)), height: String(height) });
    const pages = page ? Math.ceil(length / page) : 0, used = Math.min(pages, slots || 0);
    const each = (n) => n <= mostParts ? [...Array(n).keys()] : [];
    const texts = facts(layout, wrong), inside = wrong.filter((w) => w.offset < length);
    return el(
      "figure",
      { class: "bytes" },
      el("figcaption", {}, "Bytes in the pipe, 0 to " + hex(length)),
      svg(
        "svg",
        { viewBox: "0 0 " + width + " 100", preserveAspectRatio: "none", role: "img", "aria-label": "Bytes 0 to " + hex(length) + ": " + texts.join("; ") },
        box(0, length, 16, 40, "whole"),
        ranges.map((r) => svg("rect", { class: outcomeClass(r.outcome), x: String(at(r.offset)), y: "16", width: String(Math.max(at(r.offset + r.length) - at(r.offset), 2)), height: "40" }, svg("title", {}, rangeText(r)))),
        each(Math.max(0, pages - 1)).map((i) => svg("line", { class: "page", x1: String(at((i + 1) * page)), x2: String(at((i + 1) * page)), y1: "16", y2: "56" })),
        inside.map((w) => svg("path", { class: "wrong", d: "M" + at(w.offset) + " 14 l-6 -14 h12 z" })),
        hole.length ? box(hole.offset, hole.offset + hole.length, 57, 4, "hole") : null,
        folio ? box(0, Math.min(folio, length), 64, 10, "folio") : null,
        each(used).map((i) => box(i * page, (i + 1) * page, 78, 20, "slot"))
      ),
      el(
        "ul",
        { class: "key" },
        ranges.length ? ranges.map((r) => el("li", {}, svg("svg", { width: "12", height: "12", "aria-hidden": "true" }, svg("rect", { class: outcomeClass(r.outcome), width: "12", height: "12" })), " " + rangeText(r))) : null,
        texts.slice(ranges.length).map((text) => el("li", {}, text))
      ),
      el("p", { class: "dim" }, "Top to bottom: " + (inside.length ? "the first wrong bytes (triangles), " : "") + "what was received, with page boundaries" + (hole.length ? "; the hole" : "") + (folio ? "; the first page's folio" : "") + (used ? "; the pipe's slots, one for each page" : ""))
    );
  };

  // assets/filter.js
  var lists = ["kernel", "fs", "family", "test", "class", "verdict", "outcome"];
  var besideVerdicts = ["flaky", "expected-fail", "unexpected-pass"];
  var parseFilter = (params) => {
    const of = (name) => new Set(params.getAll(name));
    return {
      kernel: of("kernel"),
      fs: of("fs"),
      family: of("family"),
      test: of("test"),
      class: of("class"),
      verdict: of("verdict"),
      outcome: of("outcome"),
      q: params.get("q") ?? "",
      problems: params.has("problems"),
      policy: params.get("policy") ?? ""
    };
  };
  var filterParams = (filter) => {
    const params = new URLSearchParams();
    for (const name of lists) for (const value of filter[name]) params.append(name, value);
    if (filter.q.trim()) params.set("q", filter.q.trim());
    if (filter.problems) params.set("problems", "");
    if (filter.policy) params.set("policy", filter.policy);
    return params;
  };
  var unfiltered = (filter) => ({ ...parseFilter(new URLSearchParams()), policy: filter?.policy ?? "" });
  var isFiltered = (filter) => filter.q.trim() !== "" || filter.problems || lists.some((name) => filter[name].size > 0);
  var outcomeName = (outcome) => outcome || "none";
  var familyOfTests = (grid) => {
    if (!grid.familyOf) {
      const familyOf = grid.familyOf = new Int32Array(grid.cells.tests.length);
      grid.families.forEach((family, i) => {
        for (const t of family.tests) familyOf[t] = i;
      });
    }
    return grid.familyOf;
  };
  var lower = /* @__PURE__ */ new WeakMap();
  var having = (list, word) => {
    const texts = lower.get(list) ?? list.map((text) => text.toLowerCase());
    lower.set(list, texts);
    return Uint8Array.from(texts, (text) => text.includes(word) ? 1 : 0);
  };
  var chosen = (names, set2) => Uint8Array.from(names, (name) => set2.size === 0 || set2.has(name) ? 1 : 0);
  var traits = (grid) => {
    if (!grid.traits) {
      grid.traits = new Uint8Array(grid.n);
      for (const i of Object.keys(grid.cells.flaky)) grid.traits[Number(i)] |= 1;
      for (const [i, standing] of Object.entries(grid.cells.standing)) grid.traits[Number(i)] |= standing === "expected-fail" ? 2 : 4;
    }
    return grid.traits;
  };
  var controlOf = (grid) => {
    if (!grid.control) {
      const tests = new Uint8Array(grid.cells.tests.length), pass = grid.cells.classes.indexOf("pass");
      for (const t of grid.cells.controls) tests[t] = 1;
      grid.control = Uint8Array.from(grid.cells.test, (t, i) => tests[t] && grid.cells.class[i] === pass ? 1 : 0);
    }
    return grid.control;
  };
  var applyFilter = (grid, filter) => {
    const { cells, n } = grid;
    const kernel = chosen(cells.kernels, filter.kernel), fs = chosen(cells.filesystems, filter.fs);
    const family = chosen(grid.families.map((f) => f.name), filter.family), familyOf = familyOfTests(grid);
    const test = Uint8Array.from(cells.tests, (name, t) => family[familyOf[t]] && (filter.test.size === 0 || filter.test.has(parentOf(name))) ? 1 : 0);
    const klass = chosen(cells.classes, filter.class);
    const verdict = chosen(cells.verdicts, filter.verdict), outcome = chosen(cells.outcomes.map(outcomeName), filter.outcome);
    let wanted = 0;
    besideVerdicts.forEach((name, bit) => {
      if (filter.verdict.has(name)) wanted |= 1 << bit;
    });
    const words = filter.q.toLowerCase().split(/\s+/).filter(Boolean).map((word) => ({
      kernel: having(cells.kernels, word),
      fs: having(cells.filesystems, word),
      test: having(cells.tests, word),
      detail: having(cells.details, word)
    }));
    const trait = traits(grid), control = controlOf(grid), anyOutcome = filter.outcome.size === 0;
    const match = new Uint8Array(n), inColumn = new Uint8Array(grid.columns.length);
    const classCounts = new Int32Array(cells.classes.length), verdictCounts = new Int32Array(cells.verdicts.length), outcomeCounts = new Int32Array(cells.outcomes.length);
    const besideCounts = [0, 0, 0];
    let shown2 = 0;
    cell: for (let i = 0; i < n; i++) {
      const k = cells.kernel[i], f = cells.filesystem[i], t = cells.test[i], d = cells.detail[i], v = cells.verdict[i], o = cells.outcome[i];
      if (!(kernel[k] && fs[f] && test[t]) || filter.problems && !grid.remarkable[i]) continue;
      for (const word of words) {
        if (!(word.kernel[k] || word.fs[f] || word.test[t] || word.detail[d])) continue cell;
      }
      const byVerdict = verdict[v] || (trait[i] & wanted) !== 0, byOutcome = outcome[o] && (anyOutcome || !control[i]), byClass = klass[cells.class[i]];
      if (byVerdict && byOutcome) classCounts[cells.class[i]]++;
      if (byOutcome && byClass) {
        verdictCounts[v]++;
        if (trait[i]) {
          for (let bit = 0; bit < besideVerdicts.length; bit++) if (trait[i] & 1 << bit) besideCounts[bit]++;
        }
      }
      if (byVerdict && byClass && !control[i]) outcomeCounts[o]++;
      if (byVerdict && byOutcome && byClass) {
        match[i] = 1;
        inColumn[grid.columnOf[i]] = 1;
        shown2++;
      }
    }
    if (!isFiltered({ ...filter, kernel: /* @__PURE__ */ new Set(), fs: /* @__PURE__ */ new Set() })) {
      for (const c of grid.planned) if (kernel[grid.columns[c].kernel] && fs[grid.columns[c].fs]) inColumn[c] = 1;
    }
    const columns = [];
    for (let c = 0; c < inColumn.length; c++) if (inColumn[c]) columns.push(c);
    return {
      match,
      shown: shown2,
      columns,
      verdicts: countsOf([...cells.verdicts, ...besideVerdicts], [...verdictCounts, ...besideCounts]),
      classes: countsOf(cells.classes, classCounts),
      outcomes: countsOf(cells.outcomes.map(outcomeName), outcomeCounts)
    };
  };
  var countsOf = (names, counts) => new Map(names.map((name, i) => [name, counts[i]]));

  // assets/log.js
  var longLine = 4096;
  var someLines = 2e3;
  var logView = (text, marked) => {
    const lines = text.replace(/\n$/, "").split("\n"), marks2 = new Set(marked);
    const pre = el("pre", { tabindex: "0" });
    const add = (from, to) => {
      const part = document.createDocumentFragment();
      for (let i = from; i < to; i++) {
        const line2 = lines[i];
        const shown2 = el(marks2.has(i) ? "mark" : "span", { class: "line" }, line2.length > longLine ? line2.slice(0, longLine) : line2);
        if (line2.length > longLine) {
          const more = el(
            "button",
            { type: "button", class: "more", on: { click: () => more.replaceWith(line2.slice(longLine)) } },
            "… " + (line2.length - longLine).toLocaleString("en") + " more characters"
          );
          shown2.append(more);
        }
        part.append(shown2, "\n");
      }
      return part;
    };
    const end = Math.min(lines.length, someLines);
    pre.append(add(0, end));
    if (end < lines.length) {
      const more = el("button", { type: "button", class: "more", on: { click: () => more.replaceWith(add(end, lines.length)) } }, counted(lines.length - end, "more line"));
      pre.append(more);
    }
    const first = pre.querySelector("mark");
    return el(
      "div",
      { class: "copied log" },
      pre,
      copyButton(text),
      first ? el("button", { type: "button", class: "copy", on: { click: () => first.scrollIntoView({ block: "center" }) } }, "Jump to crash") : null
    );
  };
  var pairs = (hex2) => hex2.match(/[0-9a-f]{2}/gi) ?? [];
  var hexdump = ({ offset, title, got, want }) => {
    const found = pairs(got), expected = pairs(want), rows = [], each = innerWidth < 600 ? 8 : 16;
    const printable = (digits) => {
      const c = parseInt(digits, 16);
      return c >= 32 && c < 127 ? String.fromCharCode(c) : ".";
    };
    const line2 = (from, noun, bytes2, others, kind2) => el(
      "tr",
      { class: kind2 },
      el("th", { scope: "row" }, (offset + from).toString(16).padStart(8, "0")),
      el("td", {}, noun),
      el("td", { class: "hexbytes" }, bytes2.length ? bytes2.flatMap((digits, i) => [
        i === 8 ? "  " : i ? " " : "",
        el("span", { class: "byte" + (others[i] !== void 0 && others[i] !== digits ? " differs " + kind2 : "") }, digits)
      ]) : "not recorded"),
      el("td", { class: "ascii" }, bytes2.length ? "|" + bytes2.map(printable).join("") + "|" : "")
    );
    for (let from = 0; from < Math.max(found.length, expected.length); from += each) {
      const here = found.slice(from, from + each), there = expected.slice(from, from + each);
      rows.push(line2(from, "found", here, there, "got"));
      if (from === 0 || there.length) rows.push(line2(from, "expected", there, here, "want"));
    }
    return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Wrong bytes at offset 0x" + offset.toString(16) }, el(
      "table",
      { class: "hex" },
      el("caption", {}, "First wrong bytes at offset 0x" + offset.toString(16) + " (" + offset + ")" + (title ? ": " + title : "")),
      el("thead", {}, el("tr", {}, ["offset", "bytes", "hexadecimal", "ASCII"].map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, rows)
    ));
  };

  // assets/times.js
  var known = ["queue", "spawn", "restore", "boot", "agent", "test", "collect"];
  var phaseClass = (name) => known.includes(name) ? "t-" + name : "t-other";
  var swatch = (name) => svg("svg", { width: "12", height: "12", "aria-hidden": "true" }, svg("rect", { class: phaseClass(name), width: "12", height: "12" }));
  var bar = (pieces, whole, text) => {
    let x = 0;
    return svg("svg", { class: "bar", viewBox: "0 0 10000 400", preserveAspectRatio: "none", role: "img", "aria-label": text }, pieces.map(({ name, ms }) => {
      const width2 = 1e4 * ms / whole;
      x += width2;
      return svg("rect", { class: phaseClass(name), x: String(x - width2), width: String(width2), height: "400" }, svg("title", {}, name + " " + formatMS(ms)));
    }));
  };
  var phaseBar = (timing) => {
    const spent = timing.filter((p) => p.name !== "queue"), total = spent.reduce((sum, p) => sum + p.ms, 0);
    const text = timing.map((p) => p.name + " " + formatMS(p.ms)).join(", ");
    return el(
      "div",
      { class: "times" },
      total > 0 ? bar(spent, total, text) : null,
      el("ul", { class: "key" }, timing.map((p) => el("li", {}, swatch(p.name), " " + p.name + " " + formatMS(p.ms) + (p.name === "queue" ? " (not in the bar)" : ""))))
    );
  };
  var timeBars = ({ phases, rows }) => {
    if (!rows.length) return null;
    const longest = Math.max(...rows.map((row) => row.total_ms), 1);
    return el(
      "div",
      { class: "times" },
      el("p", {}, "Seconds per phase, summed over all attempts (median per attempt), without time spent in the queue."),
      el("ul", { class: "key" }, phases.map((p) => el("li", {}, swatch(p.name), " " + p.name + ": " + p.doc))),
      el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Time by phase" }, el(
        "table",
        { class: "list" },
        el("thead", {}, el("tr", {}, ["kernel, filesystem", "total", "phases", ...phases.map((p) => p.name)].map((name) => el("th", { scope: "col" }, name)))),
        el("tbody", {}, rows.map((row) => {
          const pieces = row.phases.map((used, i) => ({ name: phases[i].name, ms: used.sum_ms }));
          return el(
            "tr",
            {},
            el("th", { scope: "row" }, row.kernel + " " + row.fs),
            el("td", {}, (row.total_ms / 1e3).toFixed(1) + " s"),
            el("td", {}, bar(pieces, longest, pieces.map((p) => p.name + " " + formatMS(p.ms)).join(", "))),
            row.phases.map((used) => el("td", {}, used.attempts ? (used.sum_ms / 1e3).toFixed(1) + " (" + formatMS(used.median_ms) + ")" : ""))
          );
        }))
      ))
    );
  };

  // assets/cell.js
  var cellView = async (main, route, signal) => {
    const [id, , kernel, fs, test] = route.args;
    const back = routeHref("run", [id], route.params), policy = route.params.get("policy") ?? "";
    const [run, cells, cell] = await Promise.all([source.run(id), source.cells(id, policy, [parentOf(test)]), source.cell(id, kernel, fs, test, policy)]);
    keptOf(id).reached = [kernel, fs, test];
    const grid = gridOf(cells);
    const near = neighbours(grid, grid.find(kernel, fs, test), parseFilter(route.params));
    const href = (i) => cellHref(id, cells.kernels[cells.kernel[i]], cells.filesystems[cells.filesystem[i]], cells.tests[cells.test[i]], route.params);
    main.append(el(
      "nav",
      { class: "path", "aria-label": "Breadcrumb" },
      el("a", { href: back }, "← run " + id),
      el("span", { class: "space" }),
      near.before >= 0 ? el("a", { href: href(near.before) }, "‹ previous " + near.noun) : null,
      near.after >= 0 ? el("a", { href: href(near.after) }, "next " + near.noun + " ›") : null
    ));
    if (run.problem) main.append(el("p", { class: "problem", role: "alert" }, el("strong", {}, "Results are unreliable: "), run.problem));
    main.append(head(cell, id, route.params, outcomeRange(grid, grid.find(kernel, fs, test))));
    if (cell.left_out) main.append(el("p", { class: "note" }, cell.left_out));
    main.append(aboutSection(cell.about), reproduce(cell));
    for (const attempt of [...cell.attempts].reverse()) main.append(attemptSection(attempt, cell.attempts.length));
    if (cell.history.length) main.append(history2(cell, id));
    scrollTo(0, 0);
    current.cell = { back, before: near.before >= 0 ? href(near.before) : "", after: near.after >= 0 ? href(near.after) : "" };
    return { close() {
      current.cell = null;
    } };
  };
  var neighbours = (grid, at, filter) => {
    const { match } = applyFilter(grid, filter);
    const some3 = match.some((m, i) => m && grid.remarkable[i]);
    const wanted = (i) => match[i] && (!some3 || grid.remarkable[i]);
    let before2 = at - 1, after = at + 1;
    while (before2 >= 0 && !wanted(before2)) before2--;
    while (after < grid.n && !wanted(after)) after++;
    return { before: before2, after: after < grid.n && at >= 0 ? after : -1, noun: some3 ? "failure" : "cell" };
  };
  var facts2 = (rows) => el("table", { class: "facts" }, el("tbody", {}, rows.filter((row) => row !== null).map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value)))));
  var kinds = /* @__PURE__ */ new Map([["characterisation", ": the policy decides which outcomes pass"], ["invariant", ": fails under every policy"], ["control", ": its outcome is known by construction; if it fails, the lab is broken"]]);
  var kindText = (cell) => {
    const kind2 = cell.about.kind || cell.kind;
    return kind2 + (kinds.get(kind2) ?? "") + (kind2 === "characterisation" && cell.class === "violation" && cell.outcome ? ", and none accepts this one" : "");
  };
  var classWords = /* @__PURE__ */ new Map([["violation", "violation: forbidden by every policy"], ["deviates", "deviation: allowed by one policy, forbidden by another"]]);
  var head = (cell, id, params, seen) => {
    const judge2 = params.get("policy") ?? "";
    const policy = judge2 ? { policy: judge2 } : {};
    const only = (name, value) => el("a", { href: routeHref("run", [id], new URLSearchParams({ [name]: value, ...policy })), title: "Show only this in the matrix" }, value);
    const last = cell.attempts.findLast((a) => a.verdict === cell.verdict) ?? cell.attempts.at(-1);
    return el(
      "section",
      {},
      el("h1", {}, cell.test),
      el("p", {}, badgeOf(cell.verdict, cell.outcome, cell.class, cell.flaky, cell.standing), classWords.has(cell.class) ? " " + classWords.get(cell.class) : null),
      cell.meaning ? el("p", { class: "meaning" }, cell.meaning) : null,
      last?.detail ? el("p", { class: "detail" }, last.detail) : null,
      facts2([
        ["kernel", only("kernel", cell.kernel)],
        ["filesystem", only("fs", cell.fs)],
        cell.arch ? ["architecture", [cell.arch, cell.flavour && "flavour " + cell.flavour, cell.page_size && "pages of " + cell.page_size / 1024 + " KiB"].filter(Boolean).join(", ")] : null,
        cell.about.kind || cell.kind ? ["kind", kindText(cell)] : null,
        judge2 ? ["judged by policy", judge2] : null,
        seen ? ["this result in the run", seen] : null,
        cell.standing || cell.why ? ["expectation", standingLabel(cell.standing) + (cell.standing && cell.why ? ": " : "") + cell.why] : null,
        cell.flaky ? ["flaky", cell.flaky + " attempts failed"] : null
      ])
    );
  };
  var command = (text, what) => el("div", { class: "copied" }, el("pre", { class: "command", tabindex: "0" }, text), copyButton(text, what));
  var reproduce = (cell) => el(
    "section",
    {},
    el("h2", {}, "Reproduce"),
    command(cell.command, "Copy command"),
    cell.repro.length ? [
      el("p", {}, "With its report file: write it, reproduce what it describes, and bundle that into an archive that needs only QEMU and a shell."),
      command(cell.repro.join("\n"), "Copy commands")
    ] : null,
    cell.report ? el(
      "details",
      { class: "section" },
      el("summary", {}, "Report file for splicelab repro"),
      el("div", { class: "copied" }, el("pre", { class: "report", tabindex: "0" }, cell.report), copyButton(cell.report, "Copy report"), saveLink(cell))
    ) : null
  );
  var saveLink = (cell) => el("button", { type: "button", class: "copy", on: { click: () => {
    const url = URL.createObjectURL(new Blob([cell.report], { type: "application/yaml" }));
    const name = [cell.test, cell.fs, cell.kernel].join("-").replace(/[^\w.-]+/g, "-").slice(0, 120) + ".yaml";
    el("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1e4);
  } } }, "Save");
  var attemptSection = (attempt, of) => {
    const covariates = Object.keys(attempt.covariates).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    return el(
      "section",
      { class: "attempt" },
      el("h2", {}, of > 1 ? "Attempt " + attempt.n + " of " + of + " " : "Observed "),
      el("p", {}, of > 1 ? badgeOf(attempt.verdict, attempt.outcome, attempt.class) : null, (of > 1 ? " in " : "In ") + formatMS(attempt.duration_ms), attempt.finished ? [", finished ", when(attempt.finished)] : null),
      of > 1 && attempt.detail ? el("p", { class: "detail" }, attempt.detail) : null,
      byteBar(attempt.layout, attempt.wrong),
      attempt.wrong.map(hexdump),
      covariates.length ? [el("h3", {}, "Covariates"), facts2(covariates.map((name) => [name, attempt.covariates[name]]))] : null,
      attempt.timing.length ? [el("h3", {}, "Time"), phaseBar(attempt.timing)] : null,
      attempt.console ? [el("h3", {}, "Kernel log"), logView(attempt.console, attempt.crash_lines)] : null,
      attempt.output ? [el("h3", {}, "Output"), logView(attempt.output, [])] : null
    );
  };
  var history2 = (cell, id) => el(
    "section",
    {},
    el("h2", {}, "History"),
    el("p", { class: "strip" }, [...cell.history].reverse().map((past) => {
      const what = past.run + ": " + describe(past.verdict, past.outcome, past.flaky);
      return el(source.live ? "a" : "span", {
        class: "cell " + resultClass(past.verdict, past.outcome, past.class),
        role: source.live ? false : "img",
        "aria-label": markOf(past.verdict, past.outcome, past.class) + (past.flaky ? "* " : " ") + what,
        title: what,
        href: source.live && cellHref(past.run, past.kernel, cell.fs, cell.test)
      }, markOf(past.verdict, past.outcome, past.class) + (past.flaky ? "*" : ""));
    })),
    el("div", { class: "scroll" }, el(
      "table",
      { class: "list" },
      el("thead", {}, el("tr", {}, ["run", "started", "kernel", "result"].map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, cell.history.map((past) => el(
        "tr",
        {},
        el("td", {}, source.live ? el("a", { href: cellHref(past.run, past.kernel, cell.fs, cell.test) }, past.run) : past.run + (past.run === id ? " (this run)" : "")),
        el("td", {}, when(past.started)),
        el("td", {}, past.kernel),
        el("td", {}, badgeOf(past.verdict, past.outcome, past.class, past.flaky))
      )))
    ))
  );
  shortcut("Escape", "back from a cell to the matrix", () => current.cell ? go(current.cell.back) : false);
  shortcut("n", "in a cell: next failure", () => current.cell?.after ? go(current.cell.after) : false);
  shortcut("p", "in a cell: previous failure", () => current.cell?.before ? go(current.cell.before) : false);

  // assets/filterbar.js
  var filterBar = (grid, own, change, signal) => {
    let filter = unfiltered(null);
    const changed = (edit) => {
      edit();
      change(filter);
    };
    const text = el("input", {
      type: "search",
      id: "find",
      placeholder: "test, kernel, filesystem, detail",
      "aria-label": "Find cells",
      "aria-keyshortcuts": "/",
      on: { input: () => changed(() => {
        filter.q = text.value;
      }) }
    });
    const facets = [
      facet("kernel", "kernel", grid.cells.kernels),
      facet("fs", "filesystem", grid.cells.filesystems),
      facet("family", "family", grid.families.map((f) => f.name)),
      facet("test", "test", [...new Set(grid.cells.tests.map(parentOf))])
    ];
    function facet(name, noun, values) {
      const summary = el("summary", {}), list = el("div", { role: "group", "aria-label": noun, tabindex: "-1" });
      const boxes = [];
      const check = () => {
        for (const { value, box } of boxes) box.checked = filter[name].has(value);
      };
      const build = () => {
        if (boxes.length) return;
        for (const value of values) {
          const box = el("input", { type: "checkbox", on: { change: () => changed(() => {
            if (box.checked) filter[name].add(value);
            else filter[name].delete(value);
          }) } });
          boxes.push({ value, box });
          list.append(el("label", {}, box, " ", value));
        }
        check();
      };
      const element = el("details", { class: "facet", on: { toggle: () => {
        if (element.open) build();
      } } }, summary, list);
      element.addEventListener("focusout", (e) => {
        if (e.relatedTarget instanceof Node && !element.contains(e.relatedTarget)) element.open = false;
      });
      element.addEventListener("keydown", (e) => {
        if (e.key !== "Escape" || !element.open) return;
        e.preventDefault();
        element.open = false;
        summary.focus();
      });
      return { element, hidden: values.length < 2, update() {
        check();
        const [first] = filter[name];
        summary.textContent = noun + ": " + (filter[name].size === 0 ? "all" : filter[name].size === 1 ? first : filter[name].size + " of " + values.length);
      } };
    }
    const chips = (name, noun, values, mark, kind2) => {
      const buttons = values.map((value) => {
        const count = el("span", { class: "n" });
        const button = el("button", { type: "button", class: "chip " + kind2(value), on: { click: () => changed(() => {
          if (!filter[name].delete(value)) filter[name].add(value);
        }) } }, el("b", { class: "mono", "aria-hidden": "true" }, mark(value)), " ", count, " " + (value === "expected-fail" ? "XFAIL" : value === "unexpected-pass" ? "XPASS" : value));
        return { value, button, count };
      });
      return { element: el("div", { class: "chips", role: "group", "aria-label": noun }, buttons.map((b) => b.button)), update(counts) {
        for (const { value, button, count } of buttons) {
          const n = counts.get(value) ?? 0, on = filter[name].has(value);
          count.textContent = n.toLocaleString("en");
          button.setAttribute("aria-pressed", String(on));
          button.classList.toggle("none", n === 0 && !on);
        }
      } };
    };
    const { classes: hasClass, verdicts: hasVerdict, outcomes: hasOutcome } = applyFilter(grid, unfiltered(null));
    const occurring = (counts) => [...counts].filter(([, n]) => n > 0).map(([name]) => name);
    const classes = chips("class", "classes", occurring(hasClass), classMark, (klass) => "c-" + klass);
    const verdicts = chips(
      "verdict",
      "verdicts",
      occurring(hasVerdict).filter((v) => !["pass", "skip", "infra"].includes(v)),
      // these are classes, and counted once
      (v) => traitMark(v) || verdictMark(v),
      (v) => verdictNames.includes(v) ? verdictClass(v) : ""
    );
    const outcomes = chips("outcome", "outcomes", occurring(hasOutcome), (o) => {
      const i = grid.cells.outcomes.indexOf(o === "none" ? "" : o);
      return i < 0 ? "?" : grid.cells.letters[i].replace(" ", "–");
    }, (o) => o === "none" ? "" : outcomeClass(o));
    const problems = el("button", { type: "button", class: "only", on: { click: () => changed(() => {
      filter.problems = !filter.problems;
    }) } }, "Problems only");
    const policies = grid.cells.policies.map(({ name }) => ({ name, button: el("button", { type: "button", "data-policy": name, on: { click: () => changed(() => {
      filter.policy = name === own ? "" : name;
    }) } }, name) }));
    const shown2 = el("output", { "aria-live": "polite", id: "shown" });
    const all = el("button", { type: "button", on: { click: () => change(unfiltered(filter)) } }, "Show all");
    addEventListener("pointerdown", (e) => {
      for (const { element } of facets) if (element.open && !(e.target instanceof Node && element.contains(e.target))) element.open = false;
    }, { signal });
    return {
      element: el(
        "form",
        { class: "filter", role: "search", "aria-label": "Filter", on: { submit: (e) => e.preventDefault() } },
        el("div", { class: "line" }, text, facets.filter((f) => !f.hidden).map((f) => f.element), problems, all, shown2),
        el(
          "div",
          { class: "line" },
          el("div", { class: "policies", role: "group", "aria-label": "Judge by policy" }, "policy ", policies.map((p) => p.button)),
          classes.element,
          verdicts.element,
          outcomes.element
        )
      ),
      focus: () => text.focus(),
      update(next, result) {
        filter = next;
        if (document.activeElement !== text) text.value = filter.q;
        for (const f of facets) f.update();
        classes.update(result.classes);
        verdicts.update(result.verdicts);
        outcomes.update(result.outcomes);
        shown2.textContent = result.shown === grid.n ? counted(grid.n, "cell") : result.shown.toLocaleString("en") + " of " + counted(grid.n, "cell");
        all.hidden = !isFiltered(filter);
        problems.setAttribute("aria-pressed", String(filter.problems));
        for (const { name, button } of policies) button.setAttribute("aria-pressed", String(name === (filter.policy || own)));
      }
    };
  };

  // assets/columns.js
  var least = 34;
  var most = 72;
  var mostName = 130;
  var rulers = /* @__PURE__ */ new WeakMap();
  var widthOf = (element) => {
    const ruler = rulers.get(element) ?? rulerOf(element);
    rulers.set(element, ruler);
    return ruler;
  };
  var rulerOf = (element) => {
    const { fontSize, fontFamily } = getComputedStyle(element);
    const known2 = /* @__PURE__ */ new Map();
    const pen = (
      /** @type {CanvasRenderingContext2D} */
      document.createElement("canvas").getContext("2d")
    );
    return (text, weight = 400) => {
      const key = weight + text;
      let width2 = known2.get(key);
      if (width2 === void 0) {
        pen.font = weight + " " + fontSize + " " + fontFamily;
        width2 = Math.ceil(pen.measureText(text).width);
        known2.set(key, width2);
      }
      return width2;
    };
  };
  var layColumns = (grid, columns, element, room) => {
    const width2 = widthOf(element), { filesystems } = grid.cells;
    const widths = columns.map((c) => Math.max(least, Math.min(mostName, width2(filesystems[grid.columns[c].fs]) + 10)));
    const spare = columns.length ? Math.floor((room - widths.reduce((sum, w) => sum + w, 0)) / columns.length) : 0;
    for (let c = 0; spare > 0 && c < widths.length; c++) widths[c] = Math.max(widths[c], Math.min(most, widths[c] + spare));
    let lines = 1;
    for (let from = 0; from < columns.length; ) {
      let to = from, band = 0;
      const { kernel } = grid.columns[columns[from]];
      for (; to < columns.length && grid.columns[columns[to]].kernel === kernel; to++) band += widths[to];
      const [version, more] = grid.heads[kernel], [first, second] = [width2(version, 600) + 14, width2(more.trim()) + 14];
      const missing = Math.max(first, Math.min(mostName, second)) - band;
      if (missing > 0) for (let c = from; c < to; c++) widths[c] += Math.ceil(missing / (to - from));
      if (more && width2(version, 600) + width2(more) + 14 > Math.max(band, band + missing)) lines = 2;
      from = to;
    }
    const edges = new Float64Array(columns.length + 1);
    widths.forEach((w, c) => {
      edges[c + 1] = edges[c] + w;
    });
    return { edges, lines };
  };
  var columnAt = (edges, x) => {
    let low = 0, high = edges.length - 1;
    while (low < high) {
      const middle = low + high >> 1;
      if (edges[middle + 1] > x) high = middle;
      else low = middle + 1;
    }
    return low;
  };

  // assets/matrix.js
  var rowHeight = 25;
  var line = 24;
  var twoLines = 44;
  var beyond = 6;
  var newMatrix = (grid, { cellHref: cellHref2, kept: kept2, signal }) => {
    const { cells } = grid;
    let rows = [];
    let columns = [];
    let match = new Uint8Array(0);
    let full = false, updated = false;
    let labelWidth = 200, edges = new Float64Array(1), kernelHeight = line;
    let drawn = "", size = "";
    const bodyRows = /* @__PURE__ */ new Map();
    const head2 = el("div", { class: "head", role: "rowgroup" });
    const body = el("div", { class: "body", role: "rowgroup" });
    const sheet = el("div", { class: "sheet" }, head2, body);
    const scroller = el("div", { class: "matrix", role: "grid", tabindex: "0", "aria-label": "Tests by kernel and filesystem", "aria-readonly": "true" }, sheet);
    const active = kept2.active ??= { row: 0, column: 0 };
    const top = () => kernelHeight + line;
    const px = (n) => n + "px";
    const words = /* @__PURE__ */ new Map();
    const marksOf = (i) => markOf(cells.verdicts[cells.verdict[i]], cells.outcomes[cells.outcome[i]], cells.classes[cells.class[i]], cells.letters[cells.outcome[i]]).trim() + (cells.flaky[i] ? "*" : "") + traitMark(cells.standing[i]);
    const wordsOf = (i) => {
      let text = words.get(grid.look[i]);
      if (text === void 0) {
        text = marksOf(i) + " " + describe(cells.verdicts[cells.verdict[i]], cells.outcomes[cells.outcome[i]], cells.flaky[i], cells.standing[i]);
        words.set(grid.look[i], text);
      }
      return text;
    };
    const parentNow = () => scroller.parentElement ?? document.body;
    const sizeNow = () => parentNow().clientWidth + " " + innerHeight;
    const measure = () => {
      const longest = rows.reduce((n, row) => Math.max(n, row.label.length + 2 * row.depth), 8);
      const parent = getComputedStyle(parentNow());
      const room = parentNow().clientWidth - parseFloat(parent.paddingLeft) - parseFloat(parent.paddingRight);
      size = sizeNow();
      labelWidth = Math.round(Math.min(longest * 7.4 + 34, Math.max(130, room * (room < 600 ? 0.4 : 0.32))));
      const laid = layColumns(grid, columns, scroller, room - labelWidth - 16);
      edges = laid.edges;
      kernelHeight = laid.lines > 1 ? twoLines : line;
      const rest2 = innerHeight - (scroller.getBoundingClientRect().top + scrollY) - 12;
      scroller.style.maxHeight = px(Math.max(260, rest2 < innerHeight / 2 ? innerHeight * 0.8 : rest2));
    };
    const place = (element, c) => {
      element.style.left = px(labelWidth + edges[c]);
      element.style.width = px(edges[c + 1] - edges[c]);
    };
    const corner = (text) => {
      const element = el("div", { class: "corner", role: "columnheader", "aria-colindex": "1" }, text);
      element.style.width = px(labelWidth);
      return element;
    };
    const drawHead = (from, to) => {
      const kernels = el("div", { class: "row kernels", role: "row", "aria-rowindex": "1" }, corner("kernel"));
      const filesystems = el("div", { class: "row filesystems", role: "row", "aria-rowindex": "2" }, corner("filesystem"));
      kernels.style.height = px(kernelHeight);
      filesystems.style.height = px(line);
      for (let c = from; c < to; c++) {
        const { kernel, fs } = grid.columns[columns[c]];
        const first = c === 0 || grid.columns[columns[c - 1]].kernel !== kernel;
        if (first || c === from) {
          const [version, more] = grid.heads[kernel];
          let begin = c, end = c + 1;
          while (begin > 0 && grid.columns[columns[begin - 1]].kernel === kernel) begin--;
          while (end < columns.length && grid.columns[columns[end]].kernel === kernel) end++;
          const text = el("span", {}, el("span", { class: "version" }, version), more.startsWith(" ") ? " " : "", more ? el("span", { class: "package" }, more.trim()) : null);
          const name2 = el("div", { class: "kernel", role: "columnheader", "aria-colindex": String(begin + 2), "aria-colspan": String(end - begin), title: cells.kernels[kernel] }, text);
          name2.style.left = px(labelWidth + edges[begin]);
          name2.style.width = px(edges[end] - edges[begin]);
          text.style.left = px(labelWidth + 4);
          kernels.append(name2);
        }
        const name = el(
          "div",
          { class: "fs" + (first ? " first" : ""), role: "columnheader", "aria-colindex": String(c + 2), title: cells.kernels[kernel] + " " + cells.filesystems[fs] },
          el("span", {}, cells.filesystems[fs])
        );
        place(name, c);
        filesystems.append(name);
      }
      head2.style.height = px(top());
      head2.replaceChildren(kernels, filesystems);
    };
    const tally = (row) => {
      if (!row.tally) {
        const shown2 = new Int32Array(grid.columns.length), bad = new Int32Array(grid.columns.length);
        for (const t of row.tests) {
          for (const c of columns) {
            const i = grid.at(t, c);
            if (i < 0 || !match[i]) continue;
            shown2[c]++;
            bad[c] += grid.remarkable[i];
          }
        }
        row.tally = { shown: shown2, bad };
      }
      return row.tally;
    };
    const cellElement = (row, r, c) => {
      const column = columns[c];
      let element;
      if (row.test >= 0) {
        const i = row.at(column);
        if (i < 0) return null;
        const standing = cells.standing[i];
        element = el(
          "div",
          { class: "cell " + resultClass(cells.verdicts[cells.verdict[i]], cells.outcomes[cells.outcome[i]], cells.classes[cells.class[i]]) + (match[i] ? "" : " off") + (standing ? " " + standing : "") },
          el("a", { href: cellHref2(i), tabindex: "-1", "aria-label": wordsOf(i) }, marksOf(i))
        );
      } else {
        if (row.open) return null;
        const { shown: shown2, bad } = tally(row);
        if (!shown2[column]) return null;
        element = el(
          "div",
          { class: "cell sum" + (bad[column] ? " c-violation" : ""), "aria-label": bad[column] ? bad[column] + " of " + counted(shown2[column], "cell") + " need attention" : "· " + counted(shown2[column], "cell") + ", no problems" },
          bad[column] ? String(bad[column]) : "·"
        );
      }
      element.setAttribute("role", "gridcell");
      element.setAttribute("aria-colindex", String(c + 2));
      element.id = "cell-" + r + "-" + c;
      place(element, c);
      if (c === 0 || grid.columns[columns[c - 1]].kernel !== grid.columns[column].kernel) element.classList.add("first");
      return element;
    };
    const rowElement = (r, from, to) => {
      const row = rows[r];
      const label = el(
        "div",
        { class: "label", role: "rowheader", "aria-colindex": "1", title: row.title, id: "cell-" + r + "--1" },
        row.foldable ? el("span", { class: "fold", "aria-hidden": "true" }, row.open ? "▾" : "▸") : null,
        el("span", {}, row.label)
      );
      label.style.width = px(labelWidth);
      label.style.paddingLeft = px(6 + 14 * row.depth + (row.foldable ? 0 : 12));
      if (row.foldable) label.setAttribute("aria-expanded", String(row.open));
      const element = el("div", { class: "row " + row.kind, role: "row", "aria-rowindex": String(r + 3), "data-row": String(r) }, label);
      element.style.top = px(r * rowHeight);
      for (let c = from; c < to; c++) {
        const cell = cellElement(row, r, c);
        if (cell) element.append(cell);
      }
      return element;
    };
    const draw2 = () => {
      const rowFrom = Math.max(0, Math.floor(scroller.scrollTop / rowHeight) - beyond);
      const rowTo = Math.min(rows.length, Math.ceil((scroller.scrollTop + scroller.clientHeight) / rowHeight) + beyond);
      const from = Math.max(0, columnAt(edges, scroller.scrollLeft) - beyond);
      const to = Math.min(columns.length, columnAt(edges, scroller.scrollLeft + scroller.clientWidth - labelWidth) + 1 + beyond);
      const across = from + " " + to;
      if (drawn !== across) {
        drawHead(from, to);
        bodyRows.clear();
        body.replaceChildren();
        drawn = across;
      }
      for (const [r, element] of bodyRows) {
        if (r >= rowFrom && r < rowTo) continue;
        element.remove();
        bodyRows.delete(r);
      }
      const added = document.createDocumentFragment();
      for (let r = rowFrom; r < rowTo; r++) {
        if (bodyRows.has(r)) continue;
        const element = rowElement(r, from, to);
        bodyRows.set(r, element);
        added.append(element);
      }
      body.append(added);
      showActive();
    };
    const showActive = () => {
      for (const e of sheet.querySelectorAll(".active")) e.classList.remove("active");
      const { row, column } = active;
      const element = bodyRows.get(row)?.querySelector("#" + CSS.escape("cell-" + row + "-" + column)) ?? null;
      if (element) {
        element.classList.add("active");
        scroller.setAttribute("aria-activedescendant", element.id);
      } else {
        scroller.removeAttribute("aria-activedescendant");
      }
    };
    const redraw = () => {
      drawn = "";
      draw2();
    };
    const layOut = () => {
      rows = tableRows(grid, columns, match, kept2.toggled, full);
      measure();
      sheet.style.width = px(labelWidth + edges[columns.length]);
      sheet.style.height = px(top() + rows.length * rowHeight);
      body.style.height = px(rows.length * rowHeight);
      scroller.style.setProperty("--head", px(top()));
      scroller.setAttribute("aria-rowcount", String(rows.length + 2));
      scroller.setAttribute("aria-colcount", String(columns.length + 1));
      active.row = Math.max(0, Math.min(active.row, rows.length - 1));
      active.column = Math.max(-1, Math.min(active.column, columns.length - 1));
      redraw();
    };
    const toggle = (row) => {
      if (!row?.foldable) return;
      const at = row.key;
      if (!kept2.toggled.delete(at)) kept2.toggled.add(at);
      layOut();
      const again = rows.findIndex((r) => r.key === at);
      if (again >= 0) active.row = again;
      showActive();
    };
    const reveal = () => {
      const { row, column } = active;
      const y = row * rowHeight, height = scroller.clientHeight - top() - rowHeight;
      if (y < scroller.scrollTop) scroller.scrollTop = y;
      else if (y > scroller.scrollTop + height) scroller.scrollTop = y - height;
      if (column >= 0) {
        const x = edges[column], width2 = scroller.clientWidth - labelWidth - (edges[column + 1] - x);
        if (x < scroller.scrollLeft) scroller.scrollLeft = x;
        else if (x > scroller.scrollLeft + width2) scroller.scrollLeft = x - width2;
      }
      draw2();
    };
    const move = (row, column) => {
      active.row = Math.max(0, Math.min(rows.length - 1, row));
      active.column = Math.max(-1, Math.min(columns.length - 1, column));
      reveal();
    };
    const open = () => {
      const { row, column } = active, line2 = rows[row];
      if (!line2) return;
      const i = column >= 0 && line2.test >= 0 ? line2.at(columns[column]) : -1;
      if (i >= 0) go(cellHref2(i));
      else toggle(line2);
    };
    scroller.addEventListener("keydown", (e) => {
      if (e.ctrlKey || e.metaKey || e.altKey) return;
      const { row, column } = active, page = Math.max(1, Math.floor(scroller.clientHeight / rowHeight) - 4);
      const moves = {
        ArrowUp: [row - 1, column],
        ArrowDown: [row + 1, column],
        ArrowLeft: [row, column - 1],
        ArrowRight: [row, column + 1],
        PageUp: [row - page, column],
        PageDown: [row + page, column],
        Home: [row, -1],
        End: [row, columns.length - 1]
      };
      if (moves[e.key]) move(...moves[e.key]);
      else if (e.key === "Enter") open();
      else if (e.key === " ") toggle(rows[row]);
      else return;
      e.preventDefault();
    });
    scroller.addEventListener("click", (e) => {
      const target = (
        /** @type {Element} */
        e.target
      ), line2 = target.closest(".row[data-row]");
      if (!line2) return;
      const r = Number(line2.getAttribute("data-row")), cell = target.closest(".cell");
      active.row = r;
      active.column = cell ? Number(cell.getAttribute("aria-colindex")) - 2 : -1;
      if (!cell || cell.classList.contains("sum")) toggle(rows[r]);
      showActive();
    });
    scroller.addEventListener("pointerover", (e) => {
      const cell = (
        /** @type {HTMLElement | null} */
        /** @type {Element} */
        e.target.closest(".cell")
      );
      if (!cell || cell.title) return;
      const row = rows[Number(cell.parentElement?.dataset.row)], column = columns[Number(cell.getAttribute("aria-colindex")) - 2];
      const i = row && row.test >= 0 ? row.at(column) : -1;
      if (i < 0) return;
      const { kernel, fs } = grid.columns[column];
      cell.title = cells.tests[cells.test[i]] + "\n" + cells.kernels[kernel] + " " + cells.filesystems[fs] + "\n" + wordsOf(i) + (cells.details[cells.detail[i]] ? "\n" + cells.details[cells.detail[i]] : "");
    });
    let waiting = false;
    scroller.addEventListener("scroll", () => {
      kept2.top = scroller.scrollTop;
      kept2.left = scroller.scrollLeft;
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        if (scroller.isConnected) draw2();
      });
    }, { passive: true });
    const resized = new ResizeObserver(() => requestAnimationFrame(() => {
      if (updated && scroller.isConnected && sizeNow() !== size) layOut();
    }));
    resized.observe(document.documentElement);
    signal.addEventListener("abort", () => resized.disconnect());
    return {
      element: scroller,
      focus: () => scroller.focus({ preventScroll: true }),
      update(nextColumns, nextMatch, nextFull) {
        columns = nextColumns;
        match = nextMatch;
        full = nextFull;
        updated = true;
        layOut();
      },
      // restore scrolls to where the reader was, or to the cell that was shown
      // last. It reports whether there is one.
      restore() {
        scroller.scrollTop = kept2.top ?? 0;
        scroller.scrollLeft = kept2.left ?? 0;
        const i = kept2.reached ? grid.find(...kept2.reached) : -1;
        kept2.reached = null;
        const row = i < 0 ? -1 : rows.findLastIndex((r) => !r.open && r.tests.includes(cells.test[i]) || r.test === cells.test[i]);
        const column = i < 0 ? -1 : columns.indexOf(grid.columnOf[i]);
        if (row < 0 || column < 0) {
          draw2();
          return false;
        }
        move(row, column);
        return true;
      },
      rows: () => rows
    };
  };

  // assets/print.js
  var mostCells = 3e4;
  var printMatrix = (grid, result, run) => {
    const { cells } = grid, tables = [];
    let left = mostCells, leftOut = 0;
    for (let from = 0; from < result.columns.length; ) {
      let to = from + 1;
      const kernel = grid.columns[result.columns[from]].kernel;
      while (to < result.columns.length && grid.columns[result.columns[to]].kernel === kernel) to++;
      const columns = result.columns.slice(from, to);
      from = to;
      const rows = tableRows(grid, columns, result.match, /* @__PURE__ */ new Set());
      const size = rows.length * columns.length;
      if (size > left) {
        leftOut++;
        continue;
      }
      left -= size;
      tables.push(el(
        "table",
        { class: "list printed" },
        el("caption", {}, cells.kernels[kernel]),
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "test"), columns.map((c) => el("th", { scope: "col" }, cells.filesystems[grid.columns[c].fs])))),
        el("tbody", {}, rows.map((row) => el("tr", {}, el("th", { scope: "row", class: "depth-" + row.depth }, row.label), columns.map((c) => {
          const i = row.test < 0 ? -1 : row.at(c);
          if (i < 0) return el("td", {});
          const verdict = cells.verdicts[cells.verdict[i]], outcome = cells.outcomes[cells.outcome[i]], klass = cells.classes[cells.class[i]];
          return el("td", { class: "mono " + resultClass(verdict, outcome, klass) }, markOf(verdict, outcome, klass, cells.letters[cells.outcome[i]]) + (cells.flaky[i] ? "*" : "") + (cells.standing[i] ?? "").slice(0, 1));
        }))))
      ));
    }
    return el(
      "div",
      { class: "print" },
      el("p", {}, "Run " + run.id + ": " + result.shown.toLocaleString("en") + " of " + counted(grid.n, "cell")),
      leftOut ? el("p", {}, el("b", {}, counted(leftOut, "kernel") + " omitted: filter before printing.")) : null,
      tables
    );
  };
  var printed = null;
  addEventListener("beforeprint", () => {
    if (!current.print || printed) return;
    printed = current.print();
    document.querySelector(".matrix")?.after(printed);
  });
  addEventListener("afterprint", () => {
    printed?.remove();
    printed = null;
  });

  // assets/tests.js
  var some = 200;
  var testList = (run, { tests, cells, limit }, query, text = "") => {
    const rank = (test) => test.classes.violation ?? 0;
    const ordered = [...tests].sort((a, b) => rank(b) - rank(a));
    const body = el("tbody", {}), note = el("output", { "aria-live": "polite", id: "shown" });
    const classes = classNames.filter((klass) => tests.some((test) => test.classes[klass]));
    const href = (names) => {
      const params = new URLSearchParams(query);
      for (const name of names) params.append("test", name);
      return routeHref("run", [run], params);
    };
    const row = (test) => el(
      "tr",
      {},
      el("th", { scope: "row" }, el("a", { href: href([test.test]) }, test.test)),
      el("td", { class: "n" }, test.cells.toLocaleString("en")),
      classes.map((klass) => test.classes[klass] ? el("td", { class: "n c-" + klass }, test.classes[klass].toLocaleString("en")) : el("td", {}))
    );
    let found = ordered, n = 0;
    const more = el("button", { type: "button", on: { click: () => add() } });
    const together = el("a", { href: "#/" });
    const add = () => {
      body.append(...found.slice(n, n + some).map(row));
      n = Math.min(n + some, found.length);
      more.textContent = counted(found.length - n, "more test");
      more.hidden = n === found.length;
    };
    const find = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      found = ordered.filter((test) => words.every((word) => test.test.toLowerCase().includes(word)));
      note.textContent = counted(found.length, "test");
      const all = found.reduce((sum, test) => sum + test.cells, 0);
      together.hidden = !found.length || found.length > 500 || all > limit;
      together.textContent = "One matrix of these " + counted(all, "cell");
      together.setAttribute("href", href(found.map((test) => test.test)));
      body.replaceChildren();
      n = 0;
      add();
    };
    const field = el("input", { type: "search", id: "find", placeholder: "test", "aria-label": "Find tests", on: { input: find } });
    field.value = text;
    find();
    return el(
      "section",
      { class: "tests" },
      el("p", {}, counted(cells, "cell") + (cells > limit ? ", more than the " + limit.toLocaleString("en") + " of one matrix" : "") + ": choose a test, or find some."),
      el("form", { class: "filter", role: "search", on: { submit: (e) => e.preventDefault() } }, el("div", { class: "line" }, field, note, together)),
      el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Tests" }, el(
        "table",
        { class: "list" },
        el("thead", {}, el("tr", {}, ["test", "cells", ...classes.map((klass) => classMark(klass) + " " + klass)].map((name) => el("th", { scope: "col" }, name)))),
        body
      )),
      more
    );
  };

  // assets/vectors.js
  var kind = (answer) => {
    const style = outcomeClass(answer.split(" ", 1)[0]);
    return style === "o-unknown" ? "" : style;
  };
  var vectorTables = ({ probes, kernels }) => kernels.length === 0 ? null : el(
    "div",
    {},
    el("p", {}, probes.map((p) => p.name + " " + p.asks).join(" · ") + " · fits: policies consistent with every answer: 0 document, 1 copy, 2 steal, 3 copy on write, 4 block"),
    kernels.map(({ kernel, rows }) => el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Policy vectors of " + kernel }, el(
      "table",
      { class: "list" },
      el("caption", {}, kernel),
      el("thead", {}, el(
        "tr",
        {},
        ["source", "sink", "filesystems"].map((name) => el("th", { scope: "col" }, name)),
        probes.map((p) => el("th", { scope: "col", title: p.asks }, p.name)),
        el("th", { scope: "col" }, "fits")
      )),
      el("tbody", {}, rows.map((row) => el(
        "tr",
        {},
        el("th", { scope: "row" }, row.source),
        el("td", {}, row.sink),
        el("td", {}, row.filesystems.join(", ")),
        row.answers.map((answer) => el("td", { class: kind(answer) }, answer)),
        el("td", {}, row.fits || row.verdict + (row.verdict === "pass" || !row.detail ? "" : ": " + row.detail))
      )))
    )))
  );

  // assets/violations.js
  var some2 = 3;
  var states = { "violation": ["x", "c-violation", "has it"], "holds": [".", "c-pass", "ran without it"], "other": ["!", "o-unknown", "another violation"], "": ["", "", "no verdict"] };
  var stateOf = (name) => states[name] ?? states[""];
  var kernelName = ({ kernels, labels, packages }, kernel) => {
    const i = kernels.indexOf(kernel), more = i < 0 ? "" : rest(labels[i], packages[i]);
    return el("span", { class: "name", title: kernel }, el("b", {}, i < 0 ? kernel : labels[i]), more ? el("span", { class: "dim" }, more.startsWith(" ") ? " (" + more.trim() + ")" : more) : null);
  };
  var timelineText = ({ kernels, labels }, violation) => {
    const having2 = (state) => labels.filter((_, i) => violation.states[i] === state);
    const list = (words, names) => names.length ? ". " + words + ": " + names.join(", ") : "";
    const first = violation.flavours.map(({ since }) => labels[kernels.indexOf(since)] ?? since);
    return "First bad kernel: " + first.join(", ") + list("Has it", having2("violation")) + list("Ran without it", having2("holds")) + list("Another violation", having2("other")) + list("No verdict", having2(""));
  };
  var timeline = (doc, violation) => el("span", { class: "timeline", role: "img", "aria-label": timelineText(doc, violation) }, doc.kernels.map((kernel, i) => {
    const [mark, style, words] = stateOf(violation.states[i]);
    return el("span", { class: style + (violation.flavours.some(({ since }) => since === kernel) ? " first" : ""), title: kernel + ": " + words }, mark);
  }));
  var violationFilter = (violation, policy = "") => {
    const filter = unfiltered({ policy });
    filter.class.add("violation");
    filter.test.add(violation.test);
    filter.verdict.add(violation.verdict);
    if (violation.outcome) filter.outcome.add(violation.outcome);
    else if (violation.title !== violation.verdict) filter.q = violation.title;
    return filter;
  };
  var entry = (run, doc, violation, policy) => {
    const { cells, expected, filesystems, since, before: before2 } = violation;
    return el(
      "article",
      { class: "violation" },
      el(
        "h3",
        {},
        el("span", { class: "badge " + resultClass(violation.verdict, violation.outcome, "violation") }, violation.title),
        " ",
        violation.test,
        violation.meaning ? el("span", { class: "dim" }, " " + violation.meaning) : null
      ),
      el(
        "p",
        {},
        timeline(doc, violation),
        " ",
        counted(cells, "cell") + " on " + filesystems.join(", ") + (expected ? ", " + expected + " expected (XFAIL)" : "") + " · since ",
        kernelName(doc, since),
        before2 ? [", not on ", kernelName(doc, before2)] : ", the oldest kernel with a verdict",
        " · ",
        el("a", { href: routeHref("run", [run], filterParams(violationFilter(violation, policy))) }, "show in the matrix"),
        " · ",
        el("a", { href: routeHref("run", [run, "cell", violation.example.kernel, violation.example.fs, violation.example.test]) }, "newest cell")
      ),
      el("div", { class: "copied" }, el("pre", { class: "command", tabindex: "0" }, violation.command), copyButton(violation.command, "Copy command"))
    );
  };
  var violationBlock = (run, doc, policy = "") => {
    const { violations, left_out: leftOut } = doc;
    const total = violations.reduce((n, v) => n + v.cells, 0);
    const section2 = el("section", { class: "violations", "aria-labelledby": "violations" }, el("h2", { id: "violations" }, "Violations: " + violations.length.toLocaleString("en")));
    if (!violations.length) {
      section2.append(el("p", {}, "No cell shows what every policy forbids."));
      return section2;
    }
    section2.append(el("p", { class: "dim" }, counted(total, "cell") + " with what every policy forbids. In a strip, each box is a kernel, oldest first: x has it, . ran without it, ! has another violation, empty has no verdict; the thick one is the first bad kernel."));
    const add = (list) => list.map((v) => entry(run, doc, v, policy));
    section2.append(...add(violations.slice(0, some2)));
    if (violations.length > some2) {
      const more = el("button", { type: "button", on: { click: () => more.replaceWith(...add(violations.slice(some2))) } }, counted(violations.length - some2, "more violation"));
      section2.append(more);
    }
    if (leftOut) section2.append(el("p", { class: "note" }, "The violations of " + counted(leftOut, "more test") + " are not listed, because the run is too large: the list of tests counts them."));
    return section2;
  };

  // assets/run.js
  var runHead = (run) => {
    const facts3 = [
      el("span", {}, "run with policy ", el("b", {}, run.policy)),
      run.accel,
      "seed " + run.seed,
      el("span", {}, "started ", when(run.started)),
      run.finished ? "took " + took(run) : el("b", {}, "not finished"),
      ...run.marks.map((mark) => el("b", {}, "@" + mark))
    ].filter(Boolean);
    const missing = run.planned - run.tally.cells;
    return el(
      "div",
      { class: "run" },
      el("h1", {}, "Run " + run.id),
      run.problem ? el("p", { class: "problem", role: "alert" }, el("strong", {}, "Results are unreliable: "), run.problem) : null,
      el("p", { class: "facts" }, facts3.flatMap((fact, i) => i ? [" · ", fact] : [fact])),
      missing > 0 ? el("p", {}, el("b", {}, counted(missing, "cell") + " not run")) : null
    );
  };
  var conditions = (run) => el(
    "details",
    { class: "section" },
    el("summary", {}, "Command line and conditions"),
    el("div", { class: "copied" }, el("pre", { class: "command", tabindex: "0" }, run.command.join(" ")), copyButton(run.command.join(" "))),
    el("table", { class: "facts" }, el("tbody", {}, Object.keys(run.conditions).sort((a, b) => a.localeCompare(b, "en", { numeric: true })).map((name) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, run.conditions[name])))))
  );
  var legend = (grid) => {
    const verdicts = new Set(grid.cells.verdict), outcomes = new Set(grid.cells.outcome);
    const classes = new Set(grid.cells.class), deviating = grid.cells.classes.indexOf("deviates");
    const parts = [
      ...classes.has(deviating) ? [[":", "pass, but another policy forbids it"]] : [],
      ...grid.cells.verdicts.flatMap((v, i) => verdicts.has(i) ? [[verdictMark(v), v]] : []),
      ...Object.keys(grid.cells.flaky).length ? [["*", "flaky"]] : [],
      ...Object.values(grid.cells.standing).includes("expected-fail") ? [["e", "expected (XFAIL)"]] : [],
      ...Object.values(grid.cells.standing).includes("unexpected-pass") ? [["u", "unexpected pass (XPASS)"]] : [],
      ...grid.cells.outcomes.flatMap((o, i) => o && outcomes.has(i) ? [[grid.cells.letters[i], o]] : [])
    ];
    return el("p", { class: "legend" }, parts.flatMap(([mark, name]) => [el("b", { class: "mono" }, mark), " " + name + "   "]));
  };
  var section = (title, promise, make2) => {
    const element = el("div", {});
    promise.then((document2) => {
      const content = make2(document2);
      if (content) element.append(el("details", { class: "section" }, el("summary", {}, title), content));
    }).catch((error) => element.append(el("p", { class: "dim" }, title + ": " + error.message)));
    return element;
  };
  var matrixView = async (main, route, signal) => {
    const id = route.args[0];
    let filter = parseFilter(route.params);
    const policy = filter.policy, mine = keptOf(id);
    const chosen2 = [...filter.test], run = await source.run(id);
    if (run.paged && !chosen2.length) {
      const wait = el("p", { role: "status" }, "Counting the cells of each test. This takes some seconds per million.");
      main.append(runHead(run), wait);
      Promise.all([source.tests(id), source.violations(id)]).then(([list, violations2]) => wait.replaceWith(violationBlock(run.id, violations2, policy), testList(run.id, list, policy ? { policy } : {}), conditions(run)), (error) => {
        wait.textContent = error.message;
      });
      return null;
    }
    const [cells, violations] = await Promise.all([source.cells(id, policy, chosen2), source.violations(id)]);
    const grid = gridOf(cells);
    if (!grid.n) {
      main.append(runHead(run), conditions(run), el("p", { class: "empty" }, "This run has no cells."));
      return null;
    }
    const encoded = (list) => list.map(encodeURIComponent);
    const kernels = encoded(cells.kernels), filesystems = encoded(cells.filesystems), tests = encoded(cells.tests);
    const base = "#/run/" + encodeURIComponent(id) + "/cell/";
    let query = "";
    const matrix = newMatrix(grid, {
      kept: mine,
      signal,
      cellHref: (i) => base + kernels[cells.kernel[i]] + "/" + filesystems[cells.filesystem[i]] + "/" + tests[cells.test[i]] + query
    });
    const bar2 = filterBar(grid, run.policy, (next) => {
      if (next.policy !== policy || run.paged && [...next.test].join() !== chosen2.join()) {
        mine.focus = '[data-policy="' + (next.policy || run.policy) + '"]';
        go(routeHref("run", [id], filterParams(next)), { replace: true });
        return;
      }
      filter = next;
      history.replaceState(null, "", routeHref("run", [id], filterParams(filter)));
      apply();
    }, signal);
    const none = el("p", { class: "empty", hidden: true }, "No cell matches. ", el("a", { href: routeHref("run", [id], filterParams(unfiltered(filter))) }, "Show all"));
    const full = el("button", { type: "button", "aria-pressed": "false", on: { click: () => {
      mine.full = !mine.full;
      apply();
    } } }, "Expand subtests");
    let result = applyFilter(grid, filter);
    const apply = () => {
      result = applyFilter(grid, filter);
      const params = filterParams(filter);
      query = params.size ? "?" + params : "";
      full.setAttribute("aria-pressed", String(mine.full));
      bar2.update(filter, result);
      none.hidden = result.shown > 0;
      matrix.element.hidden = result.shown === 0;
      matrix.update(result.columns, result.match, mine.full);
    };
    bar2.element.querySelector(".line")?.append(full);
    main.append(
      runHead(run),
      run.paged ? el("p", {}, "Only the cells of " + counted(chosen2.length, "test") + ". ", el("a", { href: routeHref("run", [id], new URLSearchParams(policy ? { policy } : {})) }, "All tests")) : "",
      violationBlock(run.id, violations, policy),
      bar2.element,
      matrix.element,
      none,
      legend(grid),
      conditions(run),
      section("Policy vectors", source.vectors(id, "", chosen2), vectorTables),
      section("Time by phase", source.times(id, "", chosen2), timeBars)
    );
    apply();
    if (matrix.restore()) matrix.focus();
    if (mine.focus) bar2.element.querySelector(mine.focus)?.focus({ preventScroll: true });
    mine.focus = "";
    current.print = () => printMatrix(grid, result, run);
    current.matrix = { bar: bar2, matrix };
    return {
      update(next) {
        if (next.args[0] !== id || next.args.length > 1 || (next.params.get("policy") ?? "") !== policy || run.paged && next.params.getAll("test").join() !== chosen2.join()) return false;
        filter = parseFilter(next.params);
        apply();
        return true;
      },
      close() {
        current.print = current.matrix = null;
      }
    };
  };
  addView("run", {
    title: (route) => (route.args[1] === "cell" ? route.args.slice(2).join(" ") + " · " : "") + "Run " + (route.args[0] ?? ""),
    async render(main, route, signal) {
      if (!route.args[0]) throw new Error("The address lacks a run ID.");
      if (route.args.length === 5 && route.args[1] === "cell") return cellView(main, route, signal);
      if (route.args.length > 1) throw new Error("Unknown page “" + route.args[1] + "” of a run: the address of a cell is #/run/ID/cell/KERNEL/FILESYSTEM/TEST.");
      return matrixView(main, route, signal);
    }
  });
  documentKey("← ↑ → ↓", "move in the matrix");
  documentKey("Enter", "open the cell; expand or collapse a heading");
  documentKey("Space", "expand or collapse a row");
  shortcut("/", "find cells", () => current.matrix ? current.matrix.bar?.focus() : false);
  shortcut("m", "focus the matrix", () => current.matrix ? current.matrix.matrix.focus() : false);

  // assets/start.js
  setHome(async () => routeHref("run", [(await source.runs()).runs[0].id]));
  start().then(() => requestAnimationFrame(() => setTimeout(() => performance.mark("splicelab-shown"))));
  return __toCommonJS(start_exports);
})();
