// Where in the spliced bytes what was observed: a bar from 0 to their length
// with the ranges, pages, the hole, the folio, the pipe's slots and wrong bytes.
// @ts-check
import { el, svg } from "./dom.js";
import { counted, outcomeClass } from "./format.js";

const width = 1000, mostParts = 256; // of the drawing; pages drawn one by one

/** @param {number} n */
export const hex = n => "0x" + n.toString(16);
/** @param {doc.Range} range */
const rangeText = ({ offset, length, outcome }) => outcome + " " + hex(offset) + " to " + hex(offset + length) + " (" + counted(length, "byte") + ")";

/** @type {(layout: doc.Layout, wrong: doc.Bytes[]) => string[]} */
const facts = ({ length, page, folio, slots, ranges, hole }, wrong) => [
  ...ranges.map(rangeText),
  hole.length ? "hole " + hex(hole.offset) + " to " + hex(hole.offset + hole.length) + " (" + counted(hole.length, "byte") + ")" : null,
  ...wrong.map(w => "first wrong bytes at " + hex(w.offset) + (w.title ? ": " + w.title : "")),
  page ? counted(Math.ceil(length / page), "page") + " of " + page + " bytes" : null,
  folio ? "the first page is in a folio of " + hex(folio) + " bytes" : null,
  slots && page ? Math.min(Math.ceil(length / page), slots) + " of " + counted(slots, "slot") + " of the pipe" : null,
].filter(text => text !== null);

/**
 * The bar of an attempt's layout, null if its length is unknown.
 * @param {doc.Layout} layout
 * @param {doc.Bytes[]} wrong
 */
export const byteBar = (layout, wrong) => {
  const { length, page, folio, slots, ranges, hole } = layout;
  if (!length) return null;
  /** @param {number} offset */
  const at = offset => width * Math.min(offset, length) / length;
  /** @type {(from: number, to: number, y: number, height: number, style: string) => SVGElement} */
  const box = (from, to, y, height, style) => svg("rect", { class: style, x: String(at(from)), y: String(y), width: String(Math.max(at(to) - at(from), 1)), height: String(height) });
  const pages = page ? Math.ceil(length / page) : 0, used = Math.min(pages, slots || 0);
  /** @param {number} n */
  const each = n => n <= mostParts ? [...Array(n).keys()] : [];
  const texts = facts(layout, wrong), inside = wrong.filter(w => w.offset < length);
  return el("figure", { class: "bytes" },
    el("figcaption", {}, "Bytes in the pipe, 0 to " + hex(length)),
    svg("svg", { viewBox: "0 0 " + width + " 100", preserveAspectRatio: "none", role: "img", "aria-label": "Bytes 0 to " + hex(length) + ": " + texts.join("; ") },
      box(0, length, 16, 40, "whole"),
      ranges.map(r => svg("rect", { class: outcomeClass(r.outcome), x: String(at(r.offset)), y: "16", width: String(Math.max(at(r.offset + r.length) - at(r.offset), 2)), height: "40" }, svg("title", {}, rangeText(r)))),
      each(Math.max(0, pages - 1)).map(i => svg("line", { class: "page", x1: String(at((i + 1) * page)), x2: String(at((i + 1) * page)), y1: "16", y2: "56" })),
      inside.map(w => svg("path", { class: "wrong", d: "M" + at(w.offset) + " 14 l-6 -14 h12 z" })),
      hole.length ? box(hole.offset, hole.offset + hole.length, 57, 4, "hole") : null,
      folio ? box(0, Math.min(folio, length), 64, 10, "folio") : null,
      each(used).map(i => box(i * page, (i + 1) * page, 78, 20, "slot"))),
    el("ul", { class: "key" }, ranges.length ? ranges.map(r => el("li", {}, svg("svg", { width: "12", height: "12", "aria-hidden": "true" }, svg("rect", { class: outcomeClass(r.outcome), width: "12", height: "12" })), " " + rangeText(r))) : null,
      texts.slice(ranges.length).map(text => el("li", {}, text))),
    el("p", { class: "dim" }, "Top to bottom: " + (inside.length ? "the first wrong bytes (triangles), " : "") + "what was received, with page boundaries" + (hole.length ? "; the hole" : "") + (folio ? "; the first page's folio" : "") + (used ? "; the pipe's slots, one for each page" : "")));
};
