"""A wallet in the browser signs what the learner's page shows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from coincurve import PrivateKey
from eth_account import Account

from rootseal.verification import verify
from tests.browser.conftest import AUDIENCE, NONCE, World
from tests.support.browser import next_page
from tests.support.issued import address_of
from tests.support.wallet_page import At, question

if TYPE_CHECKING:
    pass


class BrowserWallet:
    """What a browser wallet does (EIP-1193), with a key of its own and another implementation of EIP-712."""

    SCRIPT = """
    window.ethereum = { request: async ({ method, params }) => {
      const answer = await window.walletRequest(method, JSON.stringify(params));
      if (answer.startsWith("error:")) throw new Error(answer.slice(6));
      return JSON.parse(answer);
    } };"""

    def __init__(self, key: PrivateKey, at: At) -> None:
        import json

        self.asked: list[str] = []
        account = Account.from_key(key.secret)

        def request(method: str, params: str) -> str:
            self.asked.append(method)
            if method == "eth_requestAccounts":
                return json.dumps([account.address])
            assert method == "eth_signTypedData_v4"
            holder, typed = json.loads(params)
            assert holder == account.address.lower()
            return json.dumps("0x" + account.sign_typed_data(full_message=json.loads(typed)).signature.hex())

        at.page.expose_function("walletRequest", request)
        at.page.add_init_script(self.SCRIPT)


def test_a_wallet_in_the_browser_signs_what_is_shown(learner: At, world: World) -> None:
    wallet = BrowserWallet(world.key, learner)
    question(learner, world.file(), AUDIENCE, NONCE)
    with next_page(learner.page):
        learner.page.get_by_role("button", name="Sign with the wallet in this browser").click()
    assert wallet.asked == ["eth_requestAccounts", "eth_signTypedData_v4"]
    from rootseal.checks import Expected

    verdict = verify(learner.download(), now=int(time.time()), expected=Expected(AUDIENCE, NONCE))
    assert verdict.credentials[0].checks[7].outcome == "pass"


def test_another_account_in_the_browser_is_told(learner: At, world: World) -> None:
    BrowserWallet(PrivateKey(b"\x44" * 32), learner)
    question(learner, world.file(), AUDIENCE, NONCE)
    learner.page.get_by_role("button", name="Sign with the wallet in this browser").click()
    learner.page.get_by_text("does not have this address").wait_for()
    assert f"0x{address_of(world.key).hex()}" in learner.page.inner_text("#browser-wallet-status")


def test_without_a_browser_wallet_nothing_is_offered(learner: At, world: World) -> None:
    question(learner, world.file(), AUDIENCE, NONCE)
    assert learner.page.is_hidden("#browser-wallet") and learner.page.is_visible("#passphrase")
