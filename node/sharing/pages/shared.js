"use strict";

// The key stands after the # of the address and is sent nowhere. AES-256-GCM: 12 bytes of nonce, then the ciphertext.
(() => {
  const texts = document.body.dataset;
  const byId = (id) => document.getElementById(id);
  const message = byId("message");
  let file = null;

  const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const parts = () => /^([A-Za-z0-9_-]{21}[AQgw])\.([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])$/.exec(location.hash.slice(1));

  const say = (text) => {
    message.textContent = text;
    message.focus();
  };

  const unlock = async ([, id, secret]) => {
    const answer = await fetch(`/v1/links/${id}`, { cache: "no-store" });
    if (answer.status === 404) return texts.ended;
    if (!answer.ok) return texts.trouble;
    const sealed = new Uint8Array(await answer.arrayBuffer());
    const key = await crypto.subtle.importKey("raw", bytesOf(secret), "AES-GCM", false, ["decrypt"]);
    const how = { name: "AES-GCM", iv: sealed.subarray(0, 12), additionalData: new TextEncoder().encode("rootseal/link/1") };
    try {
      file = new Uint8Array(await crypto.subtle.decrypt(how, key, sealed.subarray(12)));
    } catch {
      return texts.wrong;
    }
    [byId("open").hidden, byId("opened").hidden] = [true, false];
    return texts.done;
  };

  const open = async () => {
    byId("open").disabled = true;
    message.textContent = texts.working;
    say(await unlock(parts()).catch(() => texts.trouble));
    byId("open").disabled = false;
  };

  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file], { type: "application/json" }));
    link.download = "shared.presentation.json";
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  };

  // The page that uploads nothing, filled in from here: both are of one origin. Its button is the reader's to press:
  // that page first says whom it trusts and whom it will ask.
  const check = () => {
    const page = window.open(`/verify?lang=${document.documentElement.lang}`);
    if (page === null) return say(texts.blocked);
    page.addEventListener("load", () => {
      const there = (id) => page.document.getElementById(id);
      there("paste-part").open = true;
      there("paste").value = new TextDecoder().decode(file);
      there("paste-check").focus();
    });
  };

  const look = () => {
    file = null;
    [byId("open").hidden, byId("opened").hidden] = [parts() === null, true];
    message.textContent = parts() === null ? texts.incomplete : "";
  };

  byId("open").addEventListener("click", open);
  byId("save").addEventListener("click", save);
  byId("check").addEventListener("click", check);
  addEventListener("hashchange", look);
  look();
})();
