// Login with the token of a server that listens beyond loopback. The token comes
// in the fragment, which browsers do not send, and is exchanged for an HttpOnly
// cookie.
// @ts-check
import { addView, go } from "../app.js";
import { el, messageOf, onFailure } from "../dom.js";

const given = /^#token=(.*)$/.exec(location.hash)?.[1] ?? "";
// The token must not stay in the history of the browser.
if (given) history.replaceState(null, "", "#/session");

/** @param {string} token */
const enter = async token => {
  const answer = await fetch("api/session", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token }) });
  if (!answer.ok) throw new Error((await answer.json()).error);
  go("#/", { replace: true });
};

let unused = given;
addView("session", {
  title: "Token",
  async render(main) {
    const said = el("p", { role: "alert" });
    /** @param {unknown} error */
    const tell = error => { said.textContent = messageOf(error); };
    const field = el("input", { type: "password", id: "token", autocomplete: "off", required: true });
    main.append(
      el("h1", {}, "Token required"),
      el("p", {}, "splicelab serve printed the token when it started, or --token-file names the file that holds it."),
      el("form", { on: { submit: e => {
        e.preventDefault();
        enter(field.value.trim()).catch(tell);
      } } }, el("label", { for: "token" }, "Token "), field, " ", el("button", {}, "Log in")),
      said);
    if (!unused) {
      field.focus();
      return;
    }
    const token = unused;
    unused = "";
    // Not awaited: leaving this view requires that it has been rendered.
    enter(decodeURIComponent(token)).catch(tell);
  },
});

// A view may have failed for want of a token.
onFailure(main => {
  fetch("api/runs?limit=0").then(answer => {
    if (answer.status === 401) go("#/session", { replace: true });
  }).catch(() => main.append(el("p", {}, "The server does not respond.")));
});
