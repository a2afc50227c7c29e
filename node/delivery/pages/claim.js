"use strict";

// The secret stands after the # of the address: it reaches this server only in the body of the request below.
// A key of this browser's own choice lets a download that broke off be repeated for ten minutes.
(() => {
  const texts = document.body.dataset;
  const button = document.getElementById("fetch");
  const message = document.getElementById("message");
  const files = document.getElementById("files");

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

  const linkTo = (file) => {
    const link = document.createElement("a");
    link.href = file.address;
    link.download = file.name;
    return link;
  };

  const save = (file) => {
    const link = linkTo(file);
    document.body.append(link);
    link.click();
    link.remove();
  };

  // A browser may refuse to save several files unasked: each stands in a list as well, for as long as the page does.
  const show = (found) => {
    files.replaceChildren(...(found.length > 1 ? found : []).map((file, at) => {
      const [item, link] = [document.createElement("li"), linkTo(file)];
      link.textContent = `${texts.copy} ${at + 1}`;
      item.append(link);
      return item;
    }));
  };

  // 32 bytes, base64url: a mail program that breaks lines leaves less.
  const whole = () => /^[A-Za-z0-9_-]{43}$/.test(location.hash.slice(1));

  const sentence = async (answer) => {
    if (answer.status === 400) return texts.incomplete;
    if (answer.status === 429) return texts.busy;
    const problem = await answer.json();
    return texts[(problem.code || "").replace("claim.", "")] || texts.trouble;
  };

  const fetchCopy = (secret, copy) => fetch("/v1/claims", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ secret, resume: resumeKey(secret), copy }),
    cache: "no-store",
  });

  const fetchFile = async () => {
    const secret = location.hash.slice(1);
    button.disabled = true;
    message.textContent = texts.working;
    files.replaceChildren();
    const found = [];
    try {
      for (let copy = 1, copies = 1; copy <= copies; copy += 1) {
        const answer = await fetchCopy(secret, copy);
        if (!answer.ok) {
          message.textContent = await sentence(answer);
          return;
        }
        copies = Number(answer.headers.get("Rootseal-Copies") || 1);
        const named = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") || "");
        const name = named ? named[1] : `my-${copy}.credential.json`;
        found.push({ address: URL.createObjectURL(await answer.blob()), name });
      }
      found.forEach(save);
      show(found);
      message.textContent = found.length > 1 ? texts.several : texts.done;
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
