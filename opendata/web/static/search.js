// The boxes in which one searches: "/" leads there, and titles are offered while somebody types.
"use strict";

const boxes = document.querySelectorAll("input[data-search]");

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey && boxes.length) {
    event.preventDefault();
    boxes[boxes.length - 1].focus();
  }
});

for (const box of boxes) {
  let asked = 0;
  box.addEventListener("input", () => {
    clearTimeout(asked);
    const text = box.value.trim();
    asked = setTimeout(() => offer(box, text), 150);
  });
}

async function offer(box, text) {
  if (!text) return;
  const answer = await fetch(`${box.dataset.search}?${new URLSearchParams({ q: text })}`).catch(() => null);
  if (!answer?.ok || box.value.trim() !== text) return;
  const { items } = await answer.json();
  box.list.replaceChildren(...items.map((title) => Object.assign(document.createElement("option"), { value: title })));
}
