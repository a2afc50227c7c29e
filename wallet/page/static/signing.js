// Signs with a wallet in the browser (EIP-1193, eth_signTypedData_v4), one signature for each address.
"use strict";
(() => {
  const form = document.getElementById("browser-wallet");
  if (!form) return;
  const status = document.getElementById("browser-wallet-status");
  const ask = (method, params) => window.ethereum.request({ method, params });

  async function sign() {
    const accounts = (await ask("eth_requestAccounts", [])).map((account) => String(account).toLowerCase());
    for (const field of form.querySelectorAll("[data-holder]")) {
      const holder = field.dataset.holder;
      if (!accounts.includes(holder)) throw new Error(`${form.dataset.other} ${holder}`);
      field.value = await ask("eth_signTypedData_v4", [holder, form.dataset.typed]);
    }
    form.submit();
  }

  function show() {
    if (window.ethereum) form.hidden = false;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    status.textContent = form.dataset.busy;
    sign().catch((error) => {
      status.textContent = `${form.dataset.failed} ${String(error && error.message).slice(0, 300)}`;
    });
  });
  // A browser wallet may come later than the page.
  window.addEventListener("ethereum#initialized", show, { once: true });
  show();
})();
