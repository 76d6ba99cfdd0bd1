(() => {
  "use strict";
  const by = id => document.getElementById(id);
  const form = by("filter"), text = by("text"), verdict = by("verdict"), outcome = by("outcome"), shown = by("shown");
  form.hidden = false;
  const columns = [...document.querySelectorAll(".matrix thead tr:last-child th")].map(th => th.textContent);
  const kernels = [];
  for (const th of document.querySelectorAll(".matrix thead tr:first-child th")) {
    for (let i = 0; i < th.colSpan; i++) kernels.push(th.textContent);
  }
  const details = new Map();
  for (const s of document.querySelectorAll("section.cell")) {
    details.set(s.id, (s.querySelector(".detail") || { textContent: "" }).textContent);
  }
  const rows = [...document.querySelectorAll(".matrix tbody tr")].map(tr => ({
    tr,
    cells: [...tr.querySelectorAll("td")].map((td, i) => {
      const a = td.querySelector("a");
      const id = a ? decodeURIComponent(a.getAttribute("href").slice(1)) : "";
      return { td, there: !!a, words: [tr.cells[0].textContent, kernels[i], columns[i], details.get(id) || ""].join(" ").toLowerCase() };
    }),
  }));
  const apply = () => {
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let n = 0;
    for (const row of rows) {
      let any = false;
      for (const c of row.cells) {
        const v = verdict.value;
        const ok = c.there && (v === "" || (v === "*" ? c.td.dataset.f === "1" : c.td.dataset.v === v)) &&
          (outcome.value === "" || c.td.dataset.o === outcome.value) && wanted.every(w => c.words.includes(w));
        c.td.classList.toggle("off", c.there && !ok);
        if (ok) { any = true; n++; }
      }
      row.tr.hidden = !any;
    }
    shown.textContent = n + " cells shown";
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", e => e.preventDefault());
  addEventListener("keydown", e => { if (e.key === "Escape" && location.hash) location.hash = "#-"; });
  apply();
})();
