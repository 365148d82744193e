// Large files go piece by piece (tus 1.0), so that a broken line costs nothing; files can be dropped on the form.
// Without this script the form sends its files whole. A form that says so is sent as soon as it has its files.
"use strict";
for (const form of document.querySelectorAll("form[data-uploads]")) {
  const isAtOnce = "atOnce" in form.dataset;
  const { uploads, lost, arriving } = form.dataset;
  const token = form.querySelector("input[name=csrf_token]").value;
  const tus = { "Tus-Resumable": "1.0.0", "X-CSRFToken": token, Accept: "application/json" };
  const large = 1024 * 1024;
  const piece = 4 * 1024 * 1024;
  const longest = 30000;
  const share = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });
  const rest = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const encode = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

  class Refused extends Error {}

  // Asks until the portal answers; what it refuses ends the attempt with its reason.
  const ask = async (address, options, tell) => {
    for (let pause = 1000; ; pause = Math.min(pause * 2, longest)) {
      try {
        const answer = await fetch(address, { credentials: "same-origin", ...options, headers: { ...tus, ...options.headers } });
        if (answer.ok || [409, 423, 460].includes(answer.status)) {
          await answer.text(); // what isn't read is broken off when the page is left
          return answer;
        }
        if (answer.status < 500 && answer.status !== 429) {
          const problem = await answer.json().catch(() => ({}));
          throw new Refused(problem.detail || problem.title || String(answer.status));
        }
      } catch (error) {
        if (error instanceof Refused) throw error;
      }
      tell(lost);
      await rest(pause);
      if (options.method === "PATCH") return null; // how much arrived is to be asked first
    }
  };

  const send = async (file, show, tell) => {
    const begun = await ask(uploads, {
      method: "POST",
      headers: { "Upload-Length": String(file.size), "Upload-Metadata": `filename ${encode(file.name)}` },
    }, tell);
    const place = begun.headers.get("Location");
    let offset = 0;
    while (offset < file.size) {
      tell("");
      const answer = await ask(place, {
        method: "PATCH",
        headers: { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" },
        body: file.slice(offset, offset + piece),
      }, tell);
      if (answer && answer.ok) {
        offset = Number(answer.headers.get("Upload-Offset"));
      } else {
        const found = await ask(place, { method: "HEAD" }, tell);
        offset = Number(found.headers.get("Upload-Offset"));
        await rest(answer ? 500 : 0);
      }
      show(offset / file.size);
    }
    return place.split("/").pop();
  };

  const hold = (input, files) => {
    const held = new DataTransfer();
    for (const file of files) held.items.add(file);
    input.files = held.files;
  };

  const inputs = () => [...form.querySelectorAll("input[type=file]")];

  form.addEventListener("submit", async (event) => {
    const chosen = inputs().flatMap((input) => [...input.files].filter((file) => file.size > large).map((file) => [input, file]));
    if (!chosen.length) return;
    event.preventDefault();
    const buttons = [...form.querySelectorAll("button")];
    for (const button of buttons) button.disabled = true;
    try {
      form.querySelectorAll("p[data-sent]").forEach((place) => place.remove());
      for (const [input, file] of chosen) {
        const place = document.createElement("p");
        place.className = "small";
        place.setAttribute("role", "status");
        place.dataset.sent = "";
        const bar = document.createElement("progress");
        bar.max = 1;
        bar.value = 0;
        bar.setAttribute("aria-label", arriving);
        const words = document.createElement("span");
        place.append(bar, " ", words);
        (input.closest("[hidden]") ?? input).after(place);
        const show = (part) => { bar.value = part; words.textContent = share.format(part); };
        const tell = (text) => { if (text) words.textContent = text; };
        try {
          const identifier = await send(file, show, tell);
          const kept = document.createElement("input");
          kept.type = "hidden";
          kept.name = input.multiple ? "upload" : input.name.replace("file_", "upload_");
          kept.value = identifier;
          form.append(kept);
          hold(input, [...input.files].filter((other) => other !== file));
          input.disabled = !input.files.length;
        } catch (error) {
          if (!(error instanceof Refused)) throw error;
          place.className = "error";
          place.textContent = error.message;
          input.focus();
          return;
        }
      }
      form.submit();
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  });

  // Files dropped anywhere on the form take the rows that are still empty, in their order; a form that is sent at once
  // takes those that are dropped beside all forms too.
  const target = isAtOnce ? document : form;
  target.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    if (isAtOnce) document.body.classList.add("dropping");
  });
  for (const name of ["dragleave", "drop"]) {
    target.addEventListener(name, (event) => {
      if (!event.relatedTarget) document.body.classList.remove("dropping");
    });
  }
  target.addEventListener("drop", (event) => {
    if (event.target.closest?.("form[data-uploads]") !== form && (!isAtOnce || event.defaultPrevented)) return;
    const dropped = [...event.dataTransfer.files];
    if (!dropped.length) return;
    event.preventDefault();
    const single = event.target.closest?.("fieldset")?.querySelector("input[type=file]");
    const free = inputs().filter((input) => !input.files.length && !input.disabled);
    const rows = dropped.length === 1 && single ? [single] : free;
    if (isAtOnce) {
      hold(inputs()[0], dropped);
      return void form.requestSubmit();
    }
    dropped.slice(0, rows.length).forEach((file, number) => {
      hold(rows[number], [file]);
      const folded = rows[number].closest("details");
      if (folded) folded.open = true;
    });
  });
  if (isAtOnce) {
    const hint = form.querySelector("[data-hint]");
    hint.hidden = false;
    form.addEventListener("submit", () => { hint.textContent = arriving; });
    form.addEventListener("change", (event) => { if (event.target.files?.length) form.requestSubmit(); });
  }

  // What is chosen in a list or entered sets its button; another button empties what it leaves out.
  form.addEventListener("change", (event) => {
    const [, field, number] = event.target.name?.match(/^(schema|library|own)_(\d+)$/) || [];
    if (!field) return;
    if (field !== "schema") {
      if (event.target.value.trim()) form.querySelector(`[name=schema_${number}][value=${field}]`).checked = true;
    } else {
      for (const other of ["library", "own"]) {
        const given = form.querySelector(`[name=${other}_${number}]`);
        if (other !== event.target.value && given.tagName === "SELECT") given.value = "";
      }
    }
  });
}
