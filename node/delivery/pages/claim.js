"use strict";

// The secret stands after the # of the address: it reaches this server only in the body of the request below.
// A key of this browser's own choice lets a download that broke off be repeated for ten minutes.
(() => {
  const texts = document.body.dataset;
  const button = document.getElementById("fetch");
  const message = document.getElementById("message");

  const resumeKey = (secret) => {
    const place = `resume ${secret}`;
    let key = sessionStorage.getItem(place);
    if (key === null) {
      const bytes = crypto.getRandomValues(new Uint8Array(16));
      key = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
      sessionStorage.setItem(place, key);
    }
    return key;
  };

  const save = (blob, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  };

  // 32 bytes, base64url: a mail program that breaks lines leaves less.
  const whole = () => /^[A-Za-z0-9_-]{43}$/.test(location.hash.slice(1));

  const sentence = async (answer) => {
    if (answer.status === 400) return texts.incomplete;
    if (answer.status === 429) return texts.busy;
    const problem = await answer.json();
    return texts[(problem.code || "").replace("claim.", "")] || texts.trouble;
  };

  const fetchFile = async () => {
    const secret = location.hash.slice(1);
    button.disabled = true;
    message.textContent = texts.working;
    try {
      const answer = await fetch("/v1/claims", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ secret, resume: resumeKey(secret) }),
        cache: "no-store",
      });
      if (!answer.ok) {
        message.textContent = await sentence(answer);
        return;
      }
      const named = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") || "");
      save(await answer.blob(), named ? named[1] : "my.credential.json");
      message.textContent = texts.done;
    } catch {
      message.textContent = texts.trouble;
    } finally {
      button.disabled = false;
      message.focus();
    }
  };

  // A corrected address changes only what stands after the #, which does not load the page anew.
  const look = () => {
    button.hidden = !whole();
    message.textContent = whole() ? "" : texts.incomplete;
  };

  button.addEventListener("click", fetchFile);
  addEventListener("hashchange", look);
  look();
})();
