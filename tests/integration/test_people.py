"""Two people, two tokens, one list; and the sheet of paper that says everything but a secret."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from anchor.keys import create_keystore, load_keystore
from node.config import read_config
from node.ledger_keys import keystore_address
from node.recovery_sheet import gather, to_html, to_text
from node.typed_keys import compact, printed_lines
from rootseal.ethereum import address_text, checksum_address
from tests.support.program import Program
from tests.unit.node.nodes import PASSPHRASE, Clock, make_node, open_node, roster


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    return Program(capsys)


@pytest.fixture
def college(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A node's directory on a chain that answers nobody outside this process, with templates."""
    monkeypatch.chdir(tmp_path)
    open_node(tmp_path / "college", make_node(tmp_path / "college"), Clock()).close()
    return tmp_path / "college"


def switch_on(directory: Path) -> None:
    settings = directory / "node.toml"
    changed = settings.read_text().replace("second_approver = false", "second_approver = true")
    assert changed != settings.read_text()
    settings.write_text(changed)


def test_two_people_and_two_tokens_between_a_list_and_the_log(program: Program, college: Path, tmp_path: Path) -> None:
    for name, role in (("Ada", "issue"), ("Lin", "approve")):
        run = program("node", "token", "add", college, "--person", name, "--role", role, "-o", f"{name}.token")
        assert run.code == 0, run.err
        text = (tmp_path / f"{name}.token").read_text().strip()
        assert (tmp_path / f"{name}.token").stat().st_mode & 0o77 == 0
        assert text not in run.out + run.err
    switch_on(college)
    (tmp_path / "june.csv").write_bytes(roster(3))
    nobody = program("node", "issue", college, "june.csv")
    assert (nobody.code, "second_approver is on" in nobody.err) == (1, True)
    wrong = program("node", "issue", college, "june.csv", "--token-file", "Lin.token")
    assert (wrong.code, "may not issue" in wrong.err) == (1, True)
    issued = program("node", "issue", college, "june.csv", "--token-file", "Ada.token")
    assert (issued.code, "They wait for another person" in issued.out) == (0, True)
    listed = program("node", "waiting", college)
    assert "1  3 of ledgers; issued" in listed.out
    assert "by Ada: waiting" in listed.out
    assert "line 4: 00000002 Ana 2 Kovač; ledgers" in listed.out
    assert f"node show {college} urn:uuid:" in " ".join(listed.out.split())
    kept = program("node", "seal", college, "--json")
    assert (kept.code, kept.objects[0]["sealed"]) == (0, 0)
    own = program("node", "approve", college, 1, "--token-file", "Ada.token")
    assert (own.code, "may not approve" in own.err) == (1, True)
    approved = program("node", "approve", college, 1, "--token-file", "Lin.token")
    assert (approved.code, "approved" in approved.out) == (0, True)
    assert program("node", "waiting", college).out == "Nothing waits for an approval.\n"
    with open_node(college, make_node(tmp_path / "unused")) as services:
        assert [number for number, _, _ in services.store.entries.waiting(None, approved=True)] == [1, 2, 3]
        assert [json.loads(act.detail)["by"] for act in services.store.acts.all() if act.act == "token-add"] == [
            "command line", "command line",
        ]  # fmt: skip


def test_a_token_is_shown_once_and_listed_without_itself(program: Program, college: Path) -> None:
    made = program("node", "token", "add", college, "--person", "Ada Byron", "--role", "read", "--department", "Law")
    text = re.search(r"^rst_[0-9a-f]{10}_[A-Za-z0-9_-]{43}$", made.out, re.MULTILINE)
    assert text is not None
    listed = program("node", "token", "list", college)
    assert text[0] not in listed.out
    assert "Ada Byron: read, for law, made" in listed.out
    program("node", "token", "revoke", college, text[0])
    assert "REVOKED" in program("node", "token", "list", college).out
    assert program("node", "token", "revoke", college, "ffffffffff").code == 2
    assert (
        program("node", "token", "add", college, "--person", "A", "--role", "read", "--expires", "2020-01-01").code == 2
    )


class _Page(HTMLParser):
    """What a page would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.found += [
            f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "srcset") or name.startswith("on")
        ]


def secrets_of(directory: Path) -> list[str]:
    """Everything that would let somebody act: the passphrase, and each key opened."""
    found = [PASSPHRASE]
    for path in directory.glob("*key*.json"):
        if path.name != "log-key.json":
            load_keystore(path, PASSPHRASE)
            from eth_account import Account

            found.append(bytes(Account.decrypt(json.loads(path.read_text()), PASSPHRASE)).hex())
    return found


def test_the_sheet_says_everything_and_no_secret(program: Program, college: Path, tmp_path: Path) -> None:
    create_keystore(college / "admin-key.json", PASSPHRASE, "pbkdf2", 2)
    settings = college / "node.toml"
    settings.write_text(settings.read_text().replace("http://127.0.0.1:1", "http://127.0.0.1:1/v3/code-of-the-account"))
    for with_keys in (False, True):
        name = f"sheet-{with_keys}.html"
        words = ("--with-encrypted-keys",) if with_keys else ()
        run = program("node", "recovery-sheet", college, *words, "-o", name)
        assert (run.code, "The chain could not be asked" in run.out) == (0, True)
        page = (tmp_path / name).read_text()
        for secret in secrets_of(college):
            assert secret not in page
        assert "code-of-the-account" not in page
        for file in ("key.json", "admin-key.json", "log-key.json"):
            locked = json.loads((college / file).read_text())
            ciphertext = locked.get("ciphertext") or locked["crypto"]["ciphertext"]
            assert (ciphertext in page.replace("\n", "")) is False, "it is printed in numbered lines only"
            assert (printed_lines(compact(college / file))[3].split()[1].replace('"', "&quot;") in page) is with_keys
        assert page.count("<svg") == (3 if with_keys else 0)
        parsed = _Page()
        parsed.feed(page)
        assert parsed.found == []
        assert not {"script", "link", "iframe", "form"} & set(parsed.tags)
    config = read_config(college)
    for needed in (
        config.name, str(config.issuer), checksum_address(config.ledger or b""), f"eip155:{config.chain_id}",
        "0x" + config.genesis_hash.hex(), address_text(keystore_address(college / "key.json")),
        address_text(keystore_address(college / "admin-key.json")), "TEST", "rootseal node keys rotate college --yes",
        "The envelope with the passphrase lies", "none was made",
    ):  # fmt: skip
        assert needed in page, needed
    again = program("node", "recovery-sheet", college, "-o", "sheet-True.html")
    assert (again.code, "not overwritten" in again.err) == (2, True)


def test_the_sheet_asks_the_chain_where_it_answers(tmp_path: Path) -> None:
    chain = make_node(tmp_path / "college")
    with open_node(tmp_path / "college", chain) as services:
        sheet = gather(services)
        admin = services.connection.ledger.issuer(services.home.issuer)
    assert sheet.problem is None
    assert admin is not None
    assert dict(sheet.facts)["Admin"] == checksum_address(admin.admin)
    assert dict(sheet.facts)["Invited as next admin"] == "nobody"
    assert sheet.keys[0].roles == "anchors and writes status, the node's own"
    assert "could not be asked" not in to_text(sheet) + to_html(sheet)


def test_names_cannot_break_the_page(tmp_path: Path) -> None:
    chain = make_node(tmp_path / "college")
    settings = tmp_path / "college" / "node.toml"
    settings.write_text(settings.read_text().replace("Example University", "<script>alert(1)</script> & Söhne"))
    with open_node(tmp_path / "college", chain) as services:
        page = to_html(gather(services))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Söhne" in page


def test_the_printed_code_is_read_by_a_camera_and_restores_the_key(
    program: Program, college: Path, tmp_path: Path
) -> None:
    """The QR code on the sheet, read by an independent decoder, is the key."""
    import segno

    before = keystore_address(college / "key.json")
    code = segno.make(compact(college / "key.json"), error="m", micro=False)
    rows = [[255 * (1 - cell) for cell in row] for row in code.matrix_iter(scale=4, border=4)]
    (tmp_path / "code.json").write_text(json.dumps(rows))
    node = shutil.which("node")
    assert node is not None, "Node.js is needed"
    script = (
        "const jsQR=require('jsqr');const rows=JSON.parse(require('fs').readFileSync(process.argv[1]));"
        "const n=rows.length,d=new Uint8ClampedArray(n*n*4);"
        "rows.flat().forEach((v,i)=>{d[4*i]=d[4*i+1]=d[4*i+2]=v;d[4*i+3]=255});"
        "process.stdout.write(jsQR(d,n,n).data)"
    )
    root = Path(__file__).parents[2]
    read = subprocess.run(
        [node, "-e", script, str(tmp_path / "code.json")], capture_output=True, text=True, check=True, cwd=root
    )
    (tmp_path / "scanned.txt").write_text(read.stdout)
    (college / "key.json").unlink()
    assert program("node", "keys", "restore", college, "--from", "scanned.txt").code == 0
    assert load_keystore(college / "key.json", PASSPHRASE).address == before
