// The preview follows the form: whatever is chosen, the server shows at once how the file would be read.
"use strict";
const form = document.getElementById("choices");
if (form) {
  let timer = 0;
  let asked = 0;
  const show = async () => {
    const query = new URLSearchParams(new FormData(form));
    for (const name of ["csrf_token", "revision"]) query.delete(name);
    query.set("try", "1");
    const number = ++asked;
    const answer = await fetch(`${location.pathname}?${query}`, { credentials: "same-origin" });
    if (!answer.ok || number !== asked) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("preview");
    if (found) document.getElementById("preview").replaceWith(found);
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => show().catch(() => {}), 400);
  });
}
