// The page of one cell.
(() => {
  "use strict";
  const app = splicelab;
  const { el } = app;

  app.cellView = async (main, route, signal) => {
    const [id, , kernel, fs, test] = route.args;
    const back = app.href("run", [id], route.params);
    const [run, cells, cell] = await Promise.all([app.source.run(id), app.source.cells(id), app.source.cell(id, kernel, fs, test)]);
    const grid = app.grid(cells);
    const near = neighbours(grid, grid.find(kernel, fs, test), app.parseFilter(route.params));
    const href = i => app.cellHref(id, cells.kernels[cells.kernel[i]], cells.filesystems[cells.filesystem[i]], cells.tests[cells.test[i]], route.params);

    main.append(el("nav", { class: "path", "aria-label": "where this is" },
      el("a", { href: back }, "← run " + id),
      el("span", { class: "space" }),
      near.before >= 0 ? el("a", { href: href(near.before) }, "‹ " + near.noun + " before") : null,
      near.after >= 0 ? el("a", { href: href(near.after) }, "next " + near.noun + " ›") : null));
    if (run.problem) main.append(el("p", { class: "problem", role: "alert" }, el("strong", {}, "This run cannot be trusted: "), run.problem));
    main.append(head(cell, id));
    if (cell.left_out) main.append(el("p", { class: "note" }, cell.left_out));
    main.append(reproduce(cell));
    for (const attempt of [...cell.attempts].reverse()) main.append(attemptSection(attempt, cell.attempts.length));
    if (cell.history.length) main.append(history(cell, id));
    main.focus({ preventScroll: true });
    scrollTo(0, 0);

    app.inCell = { back, before: near.before >= 0 ? href(near.before) : "", after: near.after >= 0 ? href(near.after) : "" };
    return { close() { app.inCell = null; } };
  };

  // neighbours are the cells before and after this one: of those that the
  // filter shows, those that are not as they should be, if there are any.
  const neighbours = (grid, at, filter) => {
    const { match } = app.applyFilter(grid, filter);
    const some = match.some((m, i) => m && grid.remarkable[i]);
    const wanted = i => match[i] && (!some || grid.remarkable[i]);
    let before = at - 1, after = at + 1;
    while (before >= 0 && !wanted(before)) before--;
    while (after < grid.n && !wanted(after)) after++;
    return { before, after: after < grid.n && at >= 0 ? after : -1, noun: some ? "bad one" : "cell" };
  };

  const facts = rows => el("table", { class: "facts" }, el("tbody", {}, rows.filter(Boolean).map(([name, value]) =>
    el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value)))));

  const kinds = new Map([["characterisation", ": the policy decides which outcomes pass"], ["invariant", ": the policy does not change its verdict"]]);

  const head = (cell, id) => {
    const only = (name, value) => el("a", { href: app.href("run", [id], new URLSearchParams({ [name]: value })), title: "the matrix of this alone" }, value);
    const last = cell.attempts.findLast(a => a.verdict === cell.verdict) ?? cell.attempts.at(-1);
    return el("section", {},
      el("h1", {}, cell.test),
      el("p", {}, app.badge(cell.verdict, cell.outcome, cell.flaky, cell.standing)),
      last?.detail ? el("p", { class: "detail" }, last.detail) : null,
      facts([
        ["kernel", only("kernel", cell.kernel)], ["filesystem", only("fs", cell.fs)],
        cell.kind ? ["kind", cell.kind + (kinds.get(cell.kind) ?? "")] : null,
        cell.standing || cell.why ? ["expectation", (cell.standing || "").replace("-", " ") + (cell.standing && cell.why ? ": " : "") + cell.why] : null,
        cell.flaky ? ["flaky", cell.flaky + " attempts failed"] : null,
      ]));
  };

  const reproduce = cell => el("section", {}, el("h2", {}, "Again"),
    el("div", { class: "copied" }, el("pre", { class: "command" }, cell.command), app.copyButton(cell.command, "copy command")),
    cell.report ? el("details", { class: "section" }, el("summary", {}, "report file, for splicelab repro FILE"),
      el("div", { class: "copied" }, el("pre", { class: "report" }, cell.report), app.copyButton(cell.report, "copy report"), saveLink(cell))) : null);

  // saveLink offers the report as a file. Its address lives as long as the page.
  const saveLink = cell => el("button", { type: "button", class: "copy", on: { click: () => {
    const url = URL.createObjectURL(new Blob([cell.report], { type: "application/yaml" }));
    const name = [cell.test, cell.fs, cell.kernel].join("-").replace(/[^\w.-]+/g, "-").slice(0, 120) + ".yaml";
    el("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  } } }, "save");

  const attemptSection = (attempt, of) => {
    const covariates = Object.keys(attempt.covariates).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    return el("section", { class: "attempt" },
      el("h2", {}, of > 1 ? "Attempt " + attempt.n + " of " + of + " " : "What was seen "),
      el("p", {}, of > 1 ? app.badge(attempt.verdict, attempt.outcome) : null, (of > 1 ? " in " : "In ") + app.ms(attempt.duration_ms), attempt.finished ? [", finished ", app.when(attempt.finished)] : null),
      of > 1 && attempt.detail ? el("p", { class: "detail" }, attempt.detail) : null,
      attempt.wrong.map(app.hexdump),
      covariates.length ? [el("h3", {}, "covariates"), facts(covariates.map(name => [name, attempt.covariates[name]]))] : null,
      attempt.timing.length ? [el("h3", {}, "time"), app.phaseBar(attempt.timing)] : null,
      attempt.console ? [el("h3", {}, "kernel console"), app.log(attempt.console, attempt.crash_lines)] : null,
      attempt.output ? [el("h3", {}, "output"), app.log(attempt.output, [])] : null);
  };

  const history = (cell, id) => el("section", {}, el("h2", {}, "History"),
    el("p", { class: "strip" }, [...cell.history].reverse().map(past => {
      const what = past.run + ": " + app.what(past.verdict, past.outcome, past.flaky);
      return el(app.source.live ? "a" : "span", { class: "cell " + app.verdictClass(past.verdict), role: app.source.live ? false : "img", "aria-label": what, title: what,
        href: app.source.live && app.cellHref(past.run, past.kernel, cell.fs, cell.test) }, app.mark(past.verdict, past.outcome) + (past.flaky ? "*" : ""));
    })),
    el("div", { class: "scroll" }, el("table", { class: "list" },
      el("thead", {}, el("tr", {}, ["run", "started", "kernel", "came to"].map(name => el("th", { scope: "col" }, name)))),
      el("tbody", {}, cell.history.map(past => el("tr", {},
        el("td", {}, app.source.live ? el("a", { href: app.cellHref(past.run, past.kernel, cell.fs, cell.test) }, past.run) : past.run + (past.run === id ? " (this)" : "")),
        el("td", {}, app.when(past.started)), el("td", {}, past.kernel), el("td", {}, app.badge(past.verdict, past.outcome, past.flaky))))))));

  app.key("Escape", "from a cell back to the matrix", () => app.inCell ? app.go(app.inCell.back) : false);
  app.key("n", "in a cell: the next that is not as it should be", () => app.inCell?.after ? app.go(app.inCell.after) : false);
  app.key("p", "in a cell: the one before", () => app.inCell?.before ? app.go(app.inCell.before) : false);
})();
