"""Sabotage of credits: made up, recognised by nobody, moved, kept back, or counted by another program."""

from __future__ import annotations

from rootseal.ethereum import keccak256
from tests.support.history import History
from tests.support.sabotage_chain import changed_contract
from tests.support.sabotage_scene import CLAIMED, REDEEMED, TRANSFER, Log, Scene, add_to_slot, word


def other_credits_program(s: Scene) -> None:
    s.credits = "0x" + changed_contract(s, "EctxCredits", bytes(12) + s.history.address).hex()


def credits_of_another_ledger(s: Scene) -> None:
    h = s.history
    ledger = h.driver.create(h.deployer.address, "CredentialLedger")
    s.credits = "0x" + h.driver.create(h.deployer.address, "EctxCredits", bytes(12) + ledger).hex()


def claims_kept_back(s: Scene) -> None:
    gone = _claim_of_a_returning_holder(s.history)
    s.lie(lambda log: None if log["transactionHash"] == gone else log)


def _claim_of_a_returning_holder(history: History) -> str:
    """The transaction of the last claim of a holder who has several tokens of one issuer, that were not used."""
    asked = {"address": "0x" + history.credits.address.hex(), "topics": [CLAIMED], "fromBlock": "0x0"}
    logs = history.driver.rpc("eth_getLogs", asked)
    used = {f"0x{c.token:064x}" for c in history.credits.all if c.fate}
    pairs = [tuple(log["topics"][2:]) for log in logs]
    again = [log for log in logs if pairs.count(tuple(log["topics"][2:])) > 1 and log["topics"][1] not in used]
    return str(again[-1]["transactionHash"])


def credits_made_up(s: Scene) -> None:
    """A token is worth more than its entry says."""
    _token_slot(s, 1 << 48)


def redemption_redated(s: Scene) -> None:
    _token_slot(s, 1 << 176, redeemed=True)


def _token_slot(s: Scene, added: int, *, redeemed: bool = False) -> None:
    chosen = next(c for c in s.history.credits.all if c.claimed and c.fate == ("redeemed" if redeemed else ""))
    slot = int.from_bytes(keccak256(chosen.commitment + (1).to_bytes(32))) + 1
    add_to_slot(s, s.history.credits.address, slot, added)


def claim_of_nothing(s: Scene) -> None:
    def change(log: Log) -> Log:
        if log["topics"][0] == CLAIMED:
            data = log["data"]
            log["data"] = data[:66] + word(0) + data[130:]
        return log

    number = s.history.credits.all[0].token
    s.lie(lambda log: change(log) if log["topics"][1:2] == ["0x" + word(number)] else log)


def redeemed_by_nobody(s: Scene) -> None:
    first = next(c for c in s.history.credits.all if c.fate == "redeemed").token

    def change(log: Log) -> Log:
        if log["topics"][:2] == [REDEEMED, "0x" + word(first)]:
            log["data"] = "0x" + word(0x12)
        return log

    s.lie(change)


def token_moved(s: Scene) -> None:
    burned = next(c for c in s.history.credits.all if c.fate == "burned").token

    def change(log: Log) -> Log:
        if log["topics"][0] == TRANSFER and log["topics"][3] == "0x" + word(burned) and int(log["topics"][1], 16):
            log["topics"] = [log["topics"][0], log["topics"][1], "0x" + word(0x12), log["topics"][3]]
        return log

    s.lie(change)
