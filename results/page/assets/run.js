// A run: its heading, its matrix with the filter, and what else is known of it.
(() => {
  "use strict";
  const app = splicelab;
  const { el } = app;
  const kept = new Map(); // run → what its matrix remembers

  // runHead is the heading of a run: what it was, what it came to, and why it
  // cannot be trusted.
  app.runHead = run => {
    const facts = [
      el("span", {}, "policy ", el("b", {}, run.policy)), run.accel, "seed " + run.seed, el("span", {}, "started ", app.when(run.started)),
      run.finished ? "took " + app.took(run) : el("b", {}, "not finished"),
      ...run.marks.map(mark => el("b", {}, "@" + mark)),
    ].filter(Boolean);
    const missing = run.planned - run.tally.cells;
    return el("div", { class: "run" },
      el("h1", {}, "Run " + run.id),
      run.problem ? el("p", { class: "problem", role: "alert" }, el("strong", {}, "This run cannot be trusted: "), run.problem) : null,
      el("p", { class: "facts" }, facts.flatMap((fact, i) => i ? [" · ", fact] : [fact])),
      missing > 0 ? el("p", {}, el("b", {}, app.count(missing, "cell") + " planned but not run")) : null);
  };

  const conditions = run => el("details", { class: "section" }, el("summary", {}, "command and conditions"),
    el("div", { class: "copied" }, el("pre", { class: "command" }, run.command.join(" ")), app.copyButton(run.command.join(" "))),
    el("table", { class: "facts" }, el("tbody", {}, Object.keys(run.conditions).sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
      .map(name => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, run.conditions[name]))))));

  const legend = grid => {
    const verdicts = new Set(grid.cells.verdict), outcomes = new Set(grid.cells.outcome);
    const parts = [
      ...grid.cells.verdicts.flatMap((v, i) => verdicts.has(i) ? [[app.verdictMark(v), v]] : []),
      ...(Object.keys(grid.cells.flaky).length ? [["*", "flaky"]] : []),
      ...(Object.values(grid.cells.standing).includes("expected-fail") ? [["e", "expected to fail"]] : []),
      ...(Object.values(grid.cells.standing).includes("unexpected-pass") ? [["u", "was expected to fail"]] : []),
      ...grid.cells.outcomes.flatMap((o, i) => o && outcomes.has(i) ? [[grid.cells.letters[i], o]] : []),
    ];
    return el("p", { class: "legend" }, parts.flatMap(([mark, name]) => [el("b", { class: "mono" }, mark), " " + name + "   "]));
  };

  // section is a part that is made when it is opened; it is left out when there
  // is nothing to show: make(document) then returns null.
  const section = (title, promise, make) => {
    const element = el("div", {});
    promise.then(document => {
      const content = make(document);
      if (content) element.append(el("details", { class: "section" }, el("summary", {}, title), content));
    }).catch(error => element.append(el("p", { class: "dim" }, title + ": " + error.message)));
    return element;
  };

  const matrixView = async (main, route, signal) => {
    const id = route.args[0];
    const [run, cells] = await Promise.all([app.source.run(id), app.source.cells(id)]);
    const grid = app.grid(cells);
    if (!kept.has(id)) kept.set(id, { toggled: new Set(), full: false });
    const mine = kept.get(id);
    if (!grid.n) {
      main.append(app.runHead(run), conditions(run), el("p", { class: "empty" }, "This run has no cells."));
      return null;
    }

    let filter = app.parseFilter(route.params), params = app.filterParams(filter), result = null;
    const encoded = list => list.map(encodeURIComponent);
    const kernels = encoded(cells.kernels), filesystems = encoded(cells.filesystems), tests = encoded(cells.tests);
    const base = "#/run/" + encodeURIComponent(id) + "/cell/";
    let query = "";
    const matrix = app.matrix(grid, { kept: mine, signal,
      cellHref: i => base + kernels[cells.kernel[i]] + "/" + filesystems[cells.filesystem[i]] + "/" + tests[cells.test[i]] + query });
    const bar = app.filterBar(grid, next => {
      filter = next;
      // The address follows; apply draws.
      history.replaceState(null, "", app.href("run", [id], app.filterParams(filter)));
      apply();
    }, signal);
    const none = el("p", { class: "empty", hidden: true }, "No cell is like that. ", el("a", { href: app.href("run", [id]) }, "Show all"));
    const full = el("button", { type: "button", "aria-pressed": "false", on: { click: () => {
      mine.full = !mine.full;
      apply();
    } } }, "each subtest");
    const apply = () => {
      result = app.applyFilter(grid, filter);
      params = app.filterParams(filter);
      query = params.size ? "?" + params : "";
      full.setAttribute("aria-pressed", String(mine.full));
      bar.update(filter, result);
      none.hidden = result.shown > 0;
      matrix.element.hidden = result.shown === 0;
      matrix.update(result.columns, result.match, mine.full);
    };
    bar.element.querySelector(".line").append(full);

    main.append(app.runHead(run), bar.element, matrix.element, none, legend(grid), conditions(run),
      section("policy vectors", app.source.vectors(id), app.vectorTables), section("where the time went", app.source.times(id), app.timeBars));
    apply();
    matrix.restore();
    matrix.focus();
    app.onPrint = () => app.printMatrix(grid, result, run);
    app.inMatrix = { bar, matrix };
    return {
      update(next) {
        if (next.args[0] !== id || next.args.length > 1) return false;
        filter = app.parseFilter(next.params);
        apply();
        return true;
      },
      close() {
        app.onPrint = app.inMatrix = null;
      },
    };
  };

  app.view("run", {
    title: route => (route.args[1] === "cell" ? route.args.slice(2).join(" ") + " · " : "") + "Run " + (route.args[0] ?? ""),
    async render(main, route, signal) {
      if (!route.args[0]) throw new Error("The address names no run.");
      if (route.args.length === 5 && route.args[1] === "cell") return app.cellView(main, route, signal);
      if (route.args.length > 1) throw new Error("A run has no “" + route.args[1] + "”: the address of a cell is #/run/ID/cell/KERNEL/FILESYSTEM/TEST.");
      return matrixView(main, route, signal);
    },
  });

  app.tellKey("← ↑ → ↓", "move in the matrix");
  app.tellKey("Enter", "open the cell, fold or unfold a heading");
  app.tellKey("Space", "fold or unfold a row");
  app.key("/", "find cells", () => app.inMatrix ? app.inMatrix.bar.focus() : false);
  app.key("m", "to the matrix", () => app.inMatrix ? app.inMatrix.matrix.focus() : false);
})();
