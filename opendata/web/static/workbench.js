// Whatever is changed in a row is counted at once over all rows of the file; without this there is the button for it.
// A change ends the count before it: until the newest figures are there, its rows say that they are being counted.
"use strict";
const grid = document.getElementById("grid");
if (grid && grid.dataset.count) {
  const SOON = 300;
  const AGAIN = 2000;
  const LATEST = 20000;
  const waiting = new Set();
  const fault = document.getElementById("count-fault");
  let timer = 0;
  let again = AGAIN;
  let running = new AbortController();

  const say = (text) => {
    fault.className = "error";
    fault.textContent = text;
  };

  const plan = (delay) => {
    clearTimeout(timer);
    running.abort();
    running = new AbortController();
    const { signal } = running;
    timer = setTimeout(() => {
      count(signal).catch(() => {
        if (!signal.aborted) finish(new DOMParser().parseFromString("", "text/html"), grid.dataset.failed);
      });
    }, delay);
  };

  const count = async (signal) => {
    const data = new URLSearchParams(new FormData(grid));
    data.set("do", "count");
    data.set("only", [...waiting].join(","));
    const answer = await fetch(grid.action, { method: "POST", body: data, credentials: "same-origin", signal });
    if (answer.status === 503 || answer.status === 409) {
      // others count, or the same table in another window: it goes on waiting, and asks less and less often
      plan(again);
      again = Math.min(2 * again, LATEST);
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    finish(new DOMParser().parseFromString(await answer.text(), "text/html"), "");
  };

  const finish = (found, text) => {
    say(text || (found.getElementById("count-fault")?.textContent ?? ""));
    const errors = found.getElementById("table-errors");
    if (errors) document.getElementById("table-errors").replaceWith(errors);
    for (const row of waiting) {
      const place = document.getElementById(`count-${row}`);
      const counted = found.getElementById(`count-${row}`);
      if (counted) place.replaceWith(counted);
      else place.textContent = "";
      if (errors) mark(row, found);
    }
    waiting.clear();
  };

  // The faults of a row are those of its newest cells.
  const mark = (row, found) => {
    const body = document.getElementById(`row-${row}`);
    for (const old of body.querySelectorAll("p.error")) old.remove();
    for (const field of body.querySelectorAll("[aria-invalid]")) {
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
      field.closest(".field")?.classList.remove("wrong");
    }
    for (const text of found.querySelectorAll(`p.error[id^="f${row}-"]`)) {
      const field = document.getElementById(text.id.replace(/-error\d*$/, ""));
      if (!field) continue;
      const label = field.closest("label");
      if (label) label.after(text);
      else field.before(text);
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", `${field.id}-error`);
      field.closest(".field")?.classList.add("wrong");
    }
  };

  grid.addEventListener("input", (event) => {
    document.getElementById("count-summary")?.remove();
    const row = event.target.closest("[data-row]");
    if (!row) return;
    waiting.add(row.dataset.row);
    again = AGAIN;
    say("");
    for (const number of waiting) document.getElementById(`count-${number}`).textContent = grid.dataset.counting;
    plan(SOON);
  });
}
