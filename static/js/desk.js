"use strict";
// The exceptions desk: choosing rows, and copying. All else is pages and forms.
(() => {
  const $ = (selector) => document.querySelector(selector);
  const $$ = (selector) => [...document.querySelectorAll(selector)];
  const boxes = () => $$('input[name="case"]');
  const all = $('input[name="all"]');
  let last = null;

  const count = () => {
    const chosen = boxes().filter((box) => box.checked).length, said = $("#bulk-count");
    if (said) said.textContent = all?.checked ? "With all that match:" : `With the ${chosen} selected:`;
  };
  // From the row chosen last to this one, as lists do.
  const range = (box) => {
    const rows = boxes(), from = rows.indexOf(last), to = rows.indexOf(box);
    if (from < 0) return;
    for (const one of rows.slice(Math.min(from, to), Math.max(from, to) + 1)) one.checked = box.checked;
  };
  document.addEventListener("click", (event) => {
    const box = event.target.closest('input[name="case"]');
    if (!box) return;
    if (event.shiftKey) range(box);
    last = box;
    count();
  });
  all?.addEventListener("change", count);
  $("#pick-row")?.addEventListener("click", () => {
    const box = document.activeElement?.closest("tr")?.querySelector('input[name="case"]');
    if (box) box.click();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "X" || event.target.closest("input, textarea, select")) return;
    const box = document.activeElement?.closest("tr")?.querySelector('input[name="case"]');
    if (!box) return;
    box.checked = true;
    range(box);
    count();
  });
  count();

  // One panel at a time, closed by Escape or a click beside it.
  const drops = () => $$("details.drop[open]");
  document.addEventListener("click", ({ target }) => {
    for (const drop of drops()) if (!drop.contains(target)) drop.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const drop of drops()) { drop.open = false; drop.querySelector("summary").focus(); }
  }, true);
  document.addEventListener("toggle", ({ target }) => {
    if (target.open && target.matches?.("details.drop")) target.querySelector(".drop-panel button, .drop-panel input:not([type=hidden]), .drop-panel select")?.focus();
  }, true);

  for (const button of navigator.clipboard ? $$("[data-copies]") : []) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const label = button.querySelector("span"), live = $("#live");
      try { await navigator.clipboard.writeText($(button.dataset.copies).value); label.textContent = "Copied"; }
      catch { $(button.dataset.copies).select(); label.textContent = "Selected: copy it with your keys"; }
      if (live) live.textContent = label.textContent;
    });
  }
})();
