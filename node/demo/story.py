"""The story that the demo tells: one institution, one learner, one employer, one auditor."""

from __future__ import annotations

import csv
import io
import json
import secrets
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from node.demo.program import Failed, Program

__all__ = ["Story"]

_NAME = "Atlantic Demo Institute"
_EMPLOYER = "Harbour Employer Ltd"
_ISSUED, _REFUSED = 20, 4


class Story:
    """Each chapter is a command or two; a chapter that does not do what it should raises `Failed`."""

    def __init__(self, program: Program, folder: Path, say: Callable[[str], None]) -> None:
        self._program = program
        self._folder = folder
        self._say = say
        self._began = time.monotonic()
        self._chapter = 0
        self._node = str(folder / "node")
        self._chain_url = ""
        self._ledger = ""

    def tell(self) -> None:
        """From an empty folder to an audited chain."""
        self._chain()
        self._institution()
        holder = self._wallet()
        self._issue(holder)
        self._anchor()
        file = self._hand_out()
        presentation, nonce = self._present(file)
        self._verify(presentation, nonce)
        self._forge(presentation, nonce)
        self._audit()
        self._end()

    def serve(self, port: int) -> None:
        """Run the node until somebody stops it."""
        url = self._program.start("node", "run", self._node, "--port", str(port))
        self._say(f"\nThe node is running at {url}")
        self._say(f"  {url}/v1/issuer  {url}/v1/status  {url}/log/checkpoint  {url}/openapi.json")
        self._say("Ctrl-C stops it, and the chain.")
        self._program.wait()

    def _chain(self) -> None:
        self._title("A chain of our own starts: an Ethereum chain in Python, on 127.0.0.1, of no value.")
        line = self._program.start(
            "chain", "--engine", "embedded", "--port", "0", "--state", str(self._folder / "chain.db"), "--json"
        )
        self._chain_url = json.loads(line)["url"]
        self._note(f"It answers at {self._chain_url}.")

    def _institution(self) -> None:
        self._title(f"{_NAME} makes a node: keys, a ledger contract, its registration.")
        made = self._program.ask(
            "node", "init", self._node, "--chain-url", self._chain_url, "--deploy", "--name", _NAME, "--country", "IE"
        )
        self._ledger = made["ledger"]
        self._note(f"It is issuer {made['issuer']} of the ledger {self._ledger}.")

    def _wallet(self) -> str:
        self._title("A learner makes a wallet, and gives its address to the institution.")
        secret = self._folder / "learner-passphrase.txt"
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_urlsafe(18) + "\n", encoding="utf-8")
        made = self._program.ask("wallet", "init", str(self._folder / "wallet"), "--passphrase-file", str(secret))
        self._note(f"The address is {made['address']}; nothing on the chain says whose it is.")
        return str(made["address"])

    def _issue(self, holder: str) -> None:
        self._title("The registrar issues a list of 24 awards.")
        templates, roster = self._folder / "microcredentials.json", self._folder / "roster.csv"
        templates.write_bytes(_sample("microcredentials.json"))
        roster.write_bytes(_with_holder(_sample("roster-demo.csv"), holder))
        self._program.run("node", "templates", "add", self._node, str(templates))
        refused = self._folder / "to-correct.csv"
        words = ("node", "issue", self._node, str(roster), "--refused", str(refused))
        outcome = self._program.ask(*words, code=1)
        self._expect(words, (len(outcome["issued"]), len(outcome["refused"])), (_ISSUED, _REFUSED), outcome)
        self._note(f"{_ISSUED} are issued, {_REFUSED} rows are refused and wait in {refused.name}:")
        for row in outcome["refused"]:
            self._note(f"  line {row['line']}, {row['column']}: {row['reason']}")

    def _anchor(self) -> None:
        self._title("The credentials are sealed into the log, and its root goes on the chain.")
        sealed = self._program.ask("node", "seal", self._node)
        words = ("node", "anchor", self._node, "--wait", "final")
        anchored = self._program.ask(*words)
        self._expect(words, anchored["anchor"] and anchored["anchor"]["size"], _ISSUED, anchored)
        self._note(f"Sealed {sealed['sealed']}; 32 bytes stand for all of them: {sealed['checkpoint']['root']}.")
        self._note(f"Final on chain in block {anchored['anchor']['block']['number']}. No name is on the chain.")

    def _hand_out(self) -> Path:
        self._title("Every learner gets a file, and the log is published for everybody.")
        out = self._folder / "files"
        self._program.run("node", "export", self._node, "--all", "-o", str(out))
        self._program.run("node", "export-log", self._node, str(self._folder / "log"))
        with (out / "manifest.csv").open(encoding="utf-8-sig", newline="") as manifest:
            rows = {row["line"]: row["file"] for row in csv.DictReader(manifest)}
        self._note(f"{len(rows)} files in {out}, with manifest.csv for the mail.")
        return out / rows["2"]

    def _present(self, file: Path) -> tuple[Path, str]:
        self._title("The learner shows an employer title, issuer and date, and hides the rest, the name included.")
        wallet, out = str(self._folder / "wallet"), self._folder / "for-employer.presentation.json"
        secret, nonce = str(self._folder / "learner-passphrase.txt"), secrets.token_hex(8)
        received = self._program.ask("wallet", "receive", wallet, str(file))
        self._program.run(
            "wallet", "present", wallet, received["id"], "--disclose", "title", "--audience", _EMPLOYER,
            "--nonce", nonce, "--passphrase-file", secret, "-o", str(out),
        )  # fmt: skip
        credential = json.loads(out.read_bytes())["credentials"][0]
        self._note(f"Of {credential['count']} salted claims {len(credential['shown'])} are shown: {out.name}")
        return out, nonce

    def _verify(self, presentation: Path, nonce: str) -> None:
        self._title("The employer checks it, in another process, against the chain and its own policy.")
        words = self._verifying(presentation, nonce)
        verdict = self._program.ask(*words)
        self._expect(words, (verdict.get("overall"), verdict.get("test")), ("verified", True), verdict)
        for check in verdict["credentials"][0]["checks"]:
            self._note(f"  {check['outcome']:7} {check['number']} {check['name']}")
        self._note("Verified; and TEST, because a development chain proves nothing to anybody.")

    def _forge(self, presentation: Path, nonce: str) -> None:
        self._title("Somebody changes one letter of the title.")
        forged = self._folder / "forged.presentation.json"
        before, after = _one_letter(presentation, forged)
        words = self._verifying(forged, nonce)
        verdict = self._program.ask(*words, code=1)
        codes = [check["code"] for check in verdict["credentials"][0]["checks"] if check["outcome"] == "fail"]
        self._expect(words, verdict.get("overall"), "rejected", verdict)
        self._note(f"{before!r} became {after!r}: rejected ({', '.join(codes)}).")

    def _audit(self) -> None:
        self._title("An auditor replays the chain from the first block, and the log from its first entry.")
        out = self._folder / "audit"
        words = ("audit", "--rpc", self._chain_url, "--ledger", self._ledger, "--log", str(self._folder / "log"))
        self._program.run(*words, "--out", str(out))
        self._note(f"Clean: nothing was hidden, back-dated or dropped. The report is in {out}.")

    def _end(self) -> None:
        took = time.monotonic() - self._began
        self._say(f"\nDone in {took:.0f} seconds. Everything is in {self._folder}")
        for name, what in (
            ("node/", "the institution's node: keys, store, settings, and policy.toml (marked test)"),
            ("files/", "one complete credential per learner"),
            ("wallet/", "the learner's wallet"),
            ("for-employer.presentation.json", "what the employer got"),
            ("log/", "the public log"),
            ("audit/", "the auditor's report"),
        ):
            self._say(f"  {name:32}{what}")

    def _verifying(self, file: Path, nonce: str) -> tuple[str, ...]:
        policy = str(self._folder / "node" / "policy.toml")
        return ("verify", str(file), "--policy", policy, "--audience", _EMPLOYER, "--nonce", nonce)

    def _expect(self, words: tuple[str, ...], found: object, expected: object, output: object) -> None:
        if found != expected:
            text = json.dumps(output, ensure_ascii=False, indent=1)
            raise Failed(words, f"expected {expected}, found {found}", text)

    def _title(self, sentence: str) -> None:
        self._chapter += 1
        self._say(f"\n{self._chapter}. {sentence}")

    def _note(self, sentence: str) -> None:
        self._say(f"   {sentence}")


def _sample(name: str) -> bytes:
    return files("node.samples").joinpath(name).read_bytes()


def _with_holder(roster: bytes, holder: str) -> bytes:
    """The roster with the wallet's address in its first row."""
    rows = list(csv.DictReader(io.StringIO(roster.decode("utf-8-sig"), newline="")))
    rows[0]["holder"] = holder
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _one_letter(source: Path, target: Path) -> tuple[str, str]:
    """Write `source` with one letter of the achievement's name changed; returns the name before and after."""
    value: Any = json.loads(source.read_bytes())
    shown = value["credentials"][0]["shown"]
    claim = next(item for item in shown if item["path"] == ["credentialSubject", "achievement", "name"])
    before = claim["value"]
    letter = "x" if before[0] != "x" else "y"
    claim["value"] = letter + before[1:]
    # Canonical form is kept, so that it is the letter that is rejected and not the spelling of the file.
    old, new = (json.dumps(text, ensure_ascii=False) for text in (before, claim["value"]))
    target.write_bytes(source.read_bytes().replace(old.encode(), new.encode(), 1))
    return before, claim["value"]
