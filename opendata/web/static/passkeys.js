// Passkeys: asks the browser for one, and sends its answer with the form around the button.
"use strict";
(() => {
  const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const toText = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const listKeys = (keys) => (keys || []).map((key) => ({ ...key, id: toBytes(key.id) }));

  const ask = async (options, isNew) => {
    const asked = { ...options, challenge: toBytes(options.challenge) };
    if (isNew) {
      asked.user = { ...options.user, id: toBytes(options.user.id) };
      asked.excludeCredentials = listKeys(options.excludeCredentials);
      return navigator.credentials.create({ publicKey: asked });
    }
    asked.allowCredentials = listKeys(options.allowCredentials);
    return navigator.credentials.get({ publicKey: asked });
  };

  const write = (found) => {
    const response = { clientDataJSON: toText(found.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (found.response[name]) response[name] = toText(found.response[name]);
    }
    return JSON.stringify({ id: found.id, rawId: toText(found.rawId), type: found.type, response });
  };

  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    if (!window.PublicKeyCredential) return;
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      if (form.elements.credential.value) return;
      event.preventDefault();
      const said = form.querySelector("[data-said]");
      said.textContent = "";
      try {
        const headers = { "X-CSRFToken": form.elements.csrf_token.value };
        const answer = await fetch(form.dataset.passkey, { method: "POST", headers, credentials: "same-origin" });
        if (!answer.ok) throw new Error(String(answer.status));
        form.elements.credential.value = write(await ask(await answer.json(), "new" in form.dataset));
        form.submit();
      } catch {
        said.textContent = form.dataset.failed;
      }
    });
  });
})();
