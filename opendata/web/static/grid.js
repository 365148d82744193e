// The grid of a table. Arrow keys go from cell to cell, Ctrl+C copies the cell, Shift+click on a head sorts by it as
// well, and what was scrolled sideways stays so on the next page. Everything works without it.
"use strict";

for (const frame of document.querySelectorAll("[data-grid]")) {
  const table = frame.querySelector("table");
  const key = `opendata-grid-${location.pathname}`;

  frame.scrollLeft = Number(sessionStorage.getItem(key) || 0);
  addEventListener("pagehide", () => sessionStorage.setItem(key, String(frame.scrollLeft)));

  table.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-also]");
    if (!link || !event.shiftKey) return;
    event.preventDefault();
    location.assign(link.dataset.also);
  });

  const focus = (row, place) => {
    const cell = table.rows[Math.max(0, Math.min(row, table.rows.length - 1))]?.cells;
    const found = cell?.[Math.max(0, Math.min(place, cell.length - 1))];
    if (!found) return;
    found.tabIndex = -1;
    found.focus({ preventScroll: true });
    found.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

  frame.addEventListener("keydown", (event) => {
    const cell = event.target.closest("td, th");
    if (event.altKey || event.metaKey || (event.target !== frame && !cell)) return;
    const [row, place] = cell ? [cell.parentElement.rowIndex, cell.cellIndex] : [0, -1];
    if (event.key in STEPS && !event.ctrlKey) {
      const [down, right] = STEPS[event.key];
      if (cell) focus(row + down, place + right);
      else focus(1, 0);
    } else if (cell && event.key === "Home") {
      focus(event.ctrlKey ? 1 : row, 0);
    } else if (cell && event.key === "End") {
      focus(event.ctrlKey ? table.rows.length - 1 : row, Infinity);
    } else {
      return;
    }
    event.preventDefault();
  });

  frame.addEventListener("copy", (event) => {
    const cell = document.activeElement?.closest("td");
    if (!cell || !frame.contains(cell) || !getSelection().isCollapsed) return;
    const copied = cell.cloneNode(true);
    for (const extra of copied.querySelectorAll(".missing, .muted, summary")) extra.remove();
    event.clipboardData.setData("text/plain", copied.textContent.trim());
    event.preventDefault();
  });
}
