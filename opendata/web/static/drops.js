// A file that is dropped beside a place for files doesn't replace the page, and what was typed on it.
"use strict";
for (const name of ["dragover", "drop"]) {
  window.addEventListener(name, (event) => {
    const isFile = [...(event.dataTransfer?.types ?? [])].includes("Files");
    if (!isFile || event.defaultPrevented || event.target.closest?.("input[type=file]")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  });
}
