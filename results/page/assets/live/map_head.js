// The heads of the kernel map's columns: flavours if labels name them, the series,
// and what follows it in a version. Nothing is cut or vertical: a part of a
// version is another version.
// @ts-check
import { el } from "../dom.js";
import { rest } from "../grid.js";

/** @type {(map: doc.Map, kernel: doc.MapKernel) => string} the label without the flavour that follows it */
const versionOf = ({ flavours }, { label, flavour }) => flavours && flavour && label.endsWith(" " + flavour) ? label.slice(0, -flavour.length - 1) : label;

/**
 * A kernel's upstream version and then its package.
 * @type {(map: doc.Map, kernel: doc.MapKernel) => string}
 */
export const mapKernelName = (map, kernel) => {
  const version = versionOf(map, kernel), more = rest(version, kernel.package);
  return version + (more.startsWith(" ") ? " (" + more.trim() + ")" : more) + (version === kernel.label ? "" : " " + kernel.flavour);
};

/**
 * The columns with which a series begins.
 * @param {doc.Map} map
 */
export const firstColumns = ({ kernels }) => new Set(kernels.flatMap(({ series, flavour }, i) =>
  i === 0 || series !== kernels[i - 1].series || flavour !== kernels[i - 1].flavour ? [i] : []));

/**
 * A row of heads that span columns; it ends before the next of firsts.
 * @type {(firsts: number[], end: number, name: (i: number) => string) => HTMLElement}
 */
const spans = (firsts, end, name) => el("tr", {}, el("td", {}), firsts.map((i, n) =>
  el("th", { scope: "colgroup", colspan: (firsts[n + 1] ?? end) - i, class: "first" }, el("span", {}, name(i)))));

/**
 * The head of the table.
 * @param {doc.Map} map
 */
export const mapHead = map => {
  const { kernels, flavours } = map, firsts = firstColumns(map);
  const newFlavours = [...firsts].filter(i => i === 0 || kernels[i].flavour !== kernels[i - 1].flavour);
  return el("thead", {},
    flavours ? spans(newFlavours, kernels.length, i => kernels[i].flavour) : null,
    spans([...firsts], kernels.length, i => kernels[i].series),
    el("tr", {}, el("th", { scope: "col" }, "test and filesystem"), kernels.map((kernel, i) => {
      const more = rest(versionOf(map, kernel), kernel.package).trim();
      return el("th", { scope: "col", class: firsts.has(i) ? "first release" : "release", title: kernel.release },
        kernel.head.flatMap(part => [el("span", {}, part), el("wbr")]), more ? el("span", { class: "package" }, more) : null);
    })));
};

/**
 * Shows the names of packages where that does not make the map wider than its
 * place, and keeps the name of a series in sight while its columns are scrolled.
 * @param {HTMLElement} scroller
 */
export const fitHead = scroller => {
  scroller.classList.add("packages");
  scroller.classList.toggle("packages", scroller.scrollWidth <= scroller.clientWidth);
  scroller.style.setProperty("--names", (scroller.querySelector("tbody th")?.clientWidth ?? 0) + "px");
};

/**
 * Names the kernel and the result of the cell that is under the pointer or has
 * the focus. Its link has them, too: readers of the screen need no second text.
 * @type {(map: doc.Map, scroller: HTMLElement) => HTMLElement}
 */
export const cellNote = (map, scroller) => {
  const note = el("p", { class: "map-note", "aria-hidden": "true" });
  /** @param {Event} e */
  const look = e => {
    const cell = e.target instanceof Element ? e.target.closest("td, th.release") : null, column = cell instanceof HTMLTableCellElement ? cell.cellIndex - 1 : -1;
    const kernel = cell?.closest("tbody, th.release") ? map.kernels[column] : undefined;
    for (const head of scroller.querySelectorAll("th.release")) head.classList.toggle("here", head instanceof HTMLTableCellElement && head.cellIndex - 1 === column && kernel !== undefined);
    const title = cell?.querySelector("a")?.getAttribute("data-result");
    note.textContent = kernel ? mapKernelName(map, kernel) + (title ? ": " + title : "") : "";
  };
  for (const event of ["pointerover", "focusin"]) scroller.addEventListener(event, look);
  return note;
};
