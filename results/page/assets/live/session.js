// The token of a server that is not for its own machine alone. It comes in the
// part of the address that no browser sends, and is given for a cookie that no
// script can read.
(() => {
  "use strict";
  const app = splicelab;
  const { el } = app;
  if (!app.source.live) return;

  const given = /^#token=(.*)$/.exec(location.hash)?.[1] ?? "";
  // The token must not stay in the history of the browser.
  if (given) history.replaceState(null, "", "#/session");

  const enter = async token => {
    const answer = await fetch("api/session", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token }) });
    if (!answer.ok) throw new Error((await answer.json()).error);
    app.go("#/", { replace: true });
  };

  let unused = given;
  app.view("session", {
    title: "Token",
    async render(main) {
      const said = el("p", { role: "alert" });
      const tell = error => { said.textContent = error.message; };
      const field = el("input", { type: "password", id: "token", autocomplete: "off", required: true });
      main.append(
        el("h1", {}, "A token is needed"),
        el("p", {}, "splicelab serve printed it, or it is in the file that --token-file names."),
        el("form", { on: { submit: e => {
          e.preventDefault();
          enter(field.value.trim()).catch(tell);
        } } }, el("label", { for: "token" }, "Token "), field, " ", el("button", {}, "Enter")),
        said);
      if (!unused) {
        field.focus();
        return;
      }
      const token = unused;
      unused = "";
      // Not waited for: going on from here takes this view to be there.
      enter(decodeURIComponent(token)).catch(tell);
    },
  });

  // What cannot be shown may want the token.
  const failure = app.failure;
  app.failure = (main, error) => {
    failure(main, error);
    fetch("api/runs?limit=0").then(answer => {
      if (answer.status === 401) app.go("#/session", { replace: true });
    }).catch(() => main.append(el("p", {}, "The server does not answer.")));
  };
})();
