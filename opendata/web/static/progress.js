// Keeps the bar of a draft moving: by events as they come, else by asking now and then. Without it the page reloads.
"use strict";
for (const place of document.querySelectorAll("[data-progress]")) {
  const bar = place.querySelector("progress");
  const words = place.querySelector("[data-words]");
  const { events, draft, status, stage, text, waiting } = place.dataset;
  const share = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });
  const longest = 30000;
  let pause = 1000;

  const show = (found, text) => {
    bar.value = found.progress;
    bar.textContent = share.format(found.progress);
    words.textContent = `${text || waiting} · ${share.format(found.progress)}`;
  };
  const reload = () => location.replace(location.pathname);

  const ask = async () => {
    try {
      const answer = await fetch(draft, { headers: { Accept: "application/json" } });
      const found = answer.ok ? await answer.json() : null;
      // Only the server has the stages in the reader's language.
      if (!found || found.status !== status || found.stage !== stage || !found.atWork) return void reload();
      show(found, text);
      pause = 1000;
    } catch {
      pause = Math.min(pause * 2, longest); // the portal is away: it will come back
    }
    setTimeout(ask, pause);
  };

  const source = new EventSource(events);
  source.addEventListener("progress", (event) => {
    const found = JSON.parse(event.data);
    if (found.status !== status) return void (source.close(), reload());
    show(found, found.text);
  });
  source.addEventListener("done", () => { source.close(); reload(); });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(ask, pause); // refused: too many follow their drafts
  });
}
