// On a narrow screen each wrong cell is scrolled to; its row keeps its number in sight.
"use strict";
for (const frame of document.querySelectorAll(".scroll")) {
  const cell = frame.querySelector("mark")?.closest("td");
  if (!cell) continue;
  const pinned = cell.parentElement.querySelector("th").offsetWidth;
  frame.scrollLeft = cell.offsetLeft - pinned - (frame.clientWidth - pinned - cell.offsetWidth) / 2;
}
