// Whatever is changed in a row is counted at once over all rows of the file; without this there is the button for it.
"use strict";
const grid = document.getElementById("grid");
if (grid && grid.dataset.count) {
  const waiting = new Set();
  let timer = 0;
  let asked = 0;
  const fault = document.getElementById("count-fault");

  const count = async () => {
    const rows = [...waiting];
    const data = new URLSearchParams(new FormData(grid));
    data.set("do", "count");
    data.set("only", rows.join(","));
    const number = ++asked;
    for (const row of rows) document.getElementById(`count-${row}`).textContent = grid.dataset.counting;
    const answer = await fetch(grid.action, { method: "POST", body: data, credentials: "same-origin" });
    if (number !== asked) return; // a newer one has these rows too
    waiting.clear();
    const found = new DOMParser().parseFromString(answer.ok ? await answer.text() : "", "text/html");
    fault.textContent = found.getElementById("count-fault")?.textContent ?? "";
    for (const row of rows) {
      const place = document.getElementById(`count-${row}`);
      const counted = found.getElementById(`count-${row}`);
      if (counted) place.replaceWith(counted);
      else place.textContent = "";
    }
  };

  grid.addEventListener("input", (event) => {
    const row = event.target.closest("[data-row]");
    if (!row) return;
    waiting.add(row.dataset.row);
    clearTimeout(timer);
    timer = setTimeout(() => count().catch(() => {}), 500);
  });
}
