// Guest text and bytes.
// @ts-check
import { copyButton, el } from "./dom.js";
import { counted } from "./format.js";

const longLine = 4096, someLines = 2000; // what is shown at first

/**
 * Shows text with some lines, counted from 0, marked. Very long lines are
 * truncated until expanded: a browser takes seconds to wrap a line of megabytes.
 * @param {string} text
 * @param {number[]} marked
 */
export const logView = (text, marked) => {
  const lines = text.replace(/\n$/, "").split("\n"), marks = new Set(marked);
  const pre = el("pre", { tabindex: "0" });
  /** @type {(from: number, to: number) => DocumentFragment} */
  const add = (from, to) => {
    const part = document.createDocumentFragment();
    for (let i = from; i < to; i++) {
      const line = lines[i];
      const shown = el(marks.has(i) ? "mark" : "span", { class: "line" }, line.length > longLine ? line.slice(0, longLine) : line);
      if (line.length > longLine) {
        const more = el("button", { type: "button", class: "more", on: { click: () => more.replaceWith(line.slice(longLine)) } },
          "… " + (line.length - longLine).toLocaleString("en") + " more characters");
        shown.append(more);
      }
      part.append(shown, "\n");
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
  return el("div", { class: "copied log" }, pre, copyButton(text),
    first ? el("button", { type: "button", class: "copy", on: { click: () => first.scrollIntoView({ block: "center" }) } }, "Jump to crash") : null);
};

/**
 * The bytes of a hexadecimal text.
 * @type {(hex: string) => string[]}
 */
const pairs = hex => hex.match(/[0-9a-f]{2}/gi) ?? [];

/**
 * Shows wrong bytes above the expected ones, which may be unknown, as hexdump -C
 * does. Differences are marked, not only by colour.
 * @param {doc.Bytes} bytes
 */
export const hexdump = ({ offset, title, got, want }) => {
  const found = pairs(got), expected = pairs(want), rows = [], each = innerWidth < 600 ? 8 : 16;
  /** @param {string} digits */
  const printable = digits => {
    const c = parseInt(digits, 16);
    return c >= 0x20 && c < 0x7f ? String.fromCharCode(c) : ".";
  };
  /** @type {(from: number, noun: string, bytes: string[], others: string[], kind: string) => HTMLElement} */
  const line = (from, noun, bytes, others, kind) => el("tr", { class: kind },
    el("th", { scope: "row" }, (offset + from).toString(16).padStart(8, "0")), el("td", {}, noun),
    el("td", { class: "hexbytes" }, bytes.length ? bytes.flatMap((digits, i) => [i === 8 ? "  " : i ? " " : "",
      el("span", { class: "byte" + (others[i] !== undefined && others[i] !== digits ? " differs " + kind : "") }, digits)]) : "not recorded"),
    el("td", { class: "ascii" }, bytes.length ? "|" + bytes.map(printable).join("") + "|" : ""));
  for (let from = 0; from < Math.max(found.length, expected.length); from += each) {
    const here = found.slice(from, from + each), there = expected.slice(from, from + each);
    rows.push(line(from, "found", here, there, "got"));
    if (from === 0 || there.length) rows.push(line(from, "expected", there, here, "want"));
  }
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Wrong bytes at offset 0x" + offset.toString(16) }, el("table", { class: "hex" },
    el("caption", {}, "First wrong bytes at offset 0x" + offset.toString(16) + " (" + offset + ")" + (title ? ": " + title : "")),
    el("thead", {}, el("tr", {}, ["offset", "bytes", "hexadecimal", "ASCII"].map(name => el("th", { scope: "col" }, name)))),
    el("tbody", {}, rows)));
};
