"""Every `--json` and every HTTP answer fits its committed schema, and `docs/spec/commands.md` lists them all."""

from __future__ import annotations

import json
import re
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from werkzeug.serving import make_server

from anchor.keys import create_keystore
from anchor.ledger import ledger_abi
from node.announcing import announce
from node.app import create_app
from node.config import read_config, write_config
from node.health import Health
from node.services import Services
from tests.support.copies import issue_copies
from tests.support.devchain import ChainProcess, running_chain
from tests.support.issued import paper_institution
from tests.support.mail_server import mail_server
from tests.support.program import Program
from tests.unit.node.nodes import make_node, open_node
from wallet.box import Box

SPEC = Path(__file__).parents[2] / "docs" / "spec"
SAMPLES = Path(__file__).parents[2] / "node" / "samples"
SCHEMAS = {path.name: json.loads(path.read_bytes()) for path in (SPEC / "schemas").glob("*.schema.json")}
BASE = "https://rootseal.invalid/schemas/"
REGISTRY: Registry[Any] = Registry().with_resources(
    (BASE + name, Resource.from_contents(value)) for name, value in SCHEMAS.items()
)
# Described in texts of their own.
FILES = {"audit", "credential", "issuer", "presentation", "verdict"}


class Listed(NamedTuple):
    """A row of a table of commands.md."""

    formats: tuple[str, ...]
    schemas: tuple[str, ...]
    last: str


def listed(section: str) -> dict[str, Listed]:
    """First cell → the rest, of the table under a heading."""
    text = (SPEC / "commands.md").read_text(encoding="utf-8").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    rows: dict[str, Listed] = {}
    for line in text.splitlines():
        found = re.fullmatch(r"\| `([^`]+)` \|([^|]+)\|([^|]*)\|([^|]+)\|", line)
        if found is not None:
            name, form, schema, last = found.groups()
            assert name not in rows, name
            formats = tuple(re.findall(r"`rootseal/([a-z-]+)/1`", form))
            rows[name] = Listed(formats, tuple(re.findall(r"\(schemas/([a-z-]+)\.schema\.json\)", schema)), last)
    return rows


COMMANDS, ROUTES = listed("Commands"), listed("Routes")


def validate(value: Any, name: str) -> None:
    """Against docs/spec/schemas/<name>.schema.json."""
    schema = SCHEMAS[f"{name}.schema.json"]
    resource = {"$id": f"{BASE}{name}.schema.json", **schema}
    Draft202012Validator(resource, registry=REGISTRY).validate(value)


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that offers --json, by walking the groups behind all entry points."""

    def walk(words: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        if isinstance(command, click.Group):
            for name, child in command.commands.items():
                yield from walk(f"{words} {name}", child)
        if any("--json" in parameter.opts for parameter in command.params):
            yield words, command

    for point in entry_points(group="rootseal.commands"):
        yield from walk(f"rootseal {point.name}", point.load())


def test_commands_md_lists_exactly_the_commands_that_offer_json() -> None:
    assert set(COMMANDS) == {words for words, _ in commands()}


def test_exit_codes_in_help_stand_in_the_list() -> None:
    for words, command in commands():
        said = (command.help or "").partition("Exit codes")[2].partition(":")[2]
        codes = set(re.findall(r"(?:^|;)\s*(\d+)\b", said))
        assert codes <= set(re.findall(r"(?:^|;)\s*(\d+)\b", COMMANDS[words].last)), words


def test_every_listed_format_has_the_schema_of_its_name() -> None:
    for name, row in {**COMMANDS, **ROUTES}.items():
        assert row.formats == row.schemas or not row.formats, name
        for form in row.formats:
            schema = SCHEMAS[f"{form}.schema.json"]
            for shape in schema.get("oneOf", [schema]):
                assert shape["properties"]["format"]["const"] == f"rootseal/{form}/1"


def test_every_schema_is_referred_to_and_is_one() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in SPEC.glob("*.md"))
    for name, schema in SCHEMAS.items():
        assert f"(schemas/{name})" in texts, name
        Draft202012Validator.check_schema(schema)
        assert schema.get("$id", BASE + name) == BASE + name


def test_schemas_are_closed_and_describe_every_member() -> None:
    def check(name: str, schema: Any, definitions: dict[str, Any]) -> None:
        if isinstance(schema, list):
            for item in schema:
                check(name, item, definitions)
        if not isinstance(schema, dict):
            return
        members = schema.get("properties")
        if isinstance(members, dict) and schema.get("type") == "object":
            assert schema["additionalProperties"] is False, name
            for member, value in members.items():
                own = value.get("$ref", "").removeprefix("#/$defs/")
                assert value.get("description") or definitions.get(own, {}).get("description"), (name, member)
        for value in schema.values():
            check(name, value, definitions)

    for name, schema in SCHEMAS.items():
        if name.partition(".")[0] not in FILES:
            check(name, schema, schema.get("$defs", {}))


def test_every_route_is_listed(tmp_path: Path) -> None:
    chain = make_node(tmp_path / "node")
    with open_node(tmp_path / "node", chain) as services:
        assert {rule.rule for rule in create_app(services).url_map.iter_rules()} == set(ROUTES)


class Story:
    """Runs commands with --json and holds what each prints against the schema of its format."""

    def __init__(self, program: Program, folder: Path, chain: ChainProcess) -> None:
        self.program, self.folder, self.chain = program, folder, chain
        self.node, self.wallet, self.files = folder / "node", folder / "wallet", folder / "files"
        self.secret = folder / "passphrase"
        self.policy = self.node / "policy.toml"
        self.answered: set[str] = set()

    def run(self, words: str, *arguments: object, code: int | None = 0) -> Any:
        """The first object; every object must be of a format that is listed for `words`. `code` None: any."""
        run = self.program(*words.split(), *arguments, "--json")
        assert code is None or run.code == code, (words, run)
        objects = [json.loads(run.out)] if words == "audit" else run.objects
        assert objects, run.err
        for value in objects:
            assert isinstance(value, dict)
            form = value["format"].removeprefix("rootseal/").removesuffix("/1")
            assert form in COMMANDS[f"rootseal {words}"].formats
            validate(value, form)
        assert run.out.isascii() or words == "audit"
        self.answered.add(f"rootseal {words}")
        return objects[0]

    def fail(self, words: str, *arguments: object, code: int, kind: str) -> None:
        """An error object on stderr and nothing on stdout."""
        run = self.program(*words.split(), *arguments, "--json")
        assert (run.code, run.out) == (code, ""), run
        value = json.loads(run.err.splitlines()[-1])
        validate(value, "error")
        assert (value["kind"], value["exit"]) == (kind, code)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainProcess]:
    with running_chain("embedded", tmp_path_factory.mktemp("chain")) as running:
        yield running


def prepare(directory: Path) -> None:
    """Keys that open quickly, for `node init` to find."""
    directory.mkdir()
    (directory / "passphrase.txt").write_text("correct horse\n")
    for name in ("key.json", "admin-key.json"):
        create_keystore(directory / name, "correct horse", "pbkdf2", 2)


@pytest.fixture
def story(tmp_path: Path, chain: ChainProcess, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> Story:
    """A node that `node init` has just made, with keys that open quickly, and a policy of the verifier's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    made = Story(Program(capsys), tmp_path, chain)
    made.secret.write_text("correct horse\n")
    prepare(made.node)
    made.run("node init", made.node, "--chain-url", chain.url, "--deploy", "--name", "Uni")
    return made


def test_every_command_prints_what_its_schema_says(story: Story) -> None:
    validate(story.chain.info, "chain")
    story.answered.add("rootseal chain")
    holder = story.run("wallet init", story.wallet, "--passphrase-file", story.secret)["address"]
    assert story.run("wallet address", story.wallet)["address"] == holder
    issued = issue(story, holder)
    assert pages(story) == {"proof-pending", "checkpoints", "issuer", "status", "health", "did"}
    anchor(story, issued)
    assert pages(story) >= {"proof", "checkpoints"}
    witness(story)
    people(story)
    hold_and_show(story)
    verify(story)
    hand_out(story, issued)
    afterwards(story, issued)
    keep(story, issued)
    govern(story, issued)
    errors(story)
    assert story.answered == set(COMMANDS)


def issue(story: Story, holder: str) -> list[str]:
    """The ids of what stays in the log, after a rehearsal, refusals and a withdrawal."""
    node, roster, empty = story.node, story.folder / "roster.csv", story.folder / "empty.csv"
    assert not story.run("node status", node)["sealed"]
    assert story.run("node templates list", node)["templates"] == []
    story.run("node templates add", node, SAMPLES / "microcredentials.json")
    for item in story.run("node templates list", node)["templates"]:
        story.run("node templates show", node, item["key"])
    story.run("node templates sample", node, "lab-safety", "-o", empty)
    rows = (SAMPLES / "roster-demo.csv").read_text(encoding="utf-8")
    roster.write_text(rows.replace("0x9531985d5d9dc9f81818e811892f902bd23f0824", holder) + "\n\n", encoding="utf-8")
    tried = story.run("node issue", node, roster, "--dry-run", code=1)
    assert tried["sample"]
    assert tried["refused"]
    ids = [row["id"] for row in story.run("node issue", node, roster, code=1)["issued"]]
    assert len(story.run("node issue", node, roster, code=1)["already"]) == len(ids)
    assert story.run("node show", node, ids[-1])["standing"] == "accepted"
    story.run("node withdraw", node, ids.pop())
    story.run("node status", node)
    return ids


def anchor(story: Story, issued: list[str]) -> None:
    node = story.node
    assert story.run("node anchor", node)["checkpoint"] is None
    story.run("node seal", node)
    assert story.run("node seal", node)["checkpoint"] is None
    story.run("node export", node, "--all", "-o", story.files)
    early = story.folder / "early.credential.json"
    early.write_bytes(first_file(story, issued).read_bytes())
    story.run("wallet receive", story.wallet, early)
    story.run("update", early, "--rpc", story.chain.url, "--policy", story.policy, code=3)
    assert story.run("node anchor", node)["anchor"]
    story.run("node update", node, "-o", story.files)
    story.run("wallet update", story.wallet, "--rpc", "http://127.0.0.1:9", "--policy", story.policy, code=3)
    assert story.run("node export-log", node, story.folder / "log")["before"] == 0


def witness(story: Story) -> None:
    """The same log on Anvil; and the published log read back, which has nothing new."""
    node, folder = story.node, story.folder / "anvil"
    folder.mkdir()
    with running_chain("anvil", folder, state=False) as other:
        bank = other.rpc("eth_accounts")[0]
        deployment = {"from": bank, "data": "0x" + ledger_abi().bytecode.hex(), "gas": hex(8_000_000)}
        receipt = None
        sent = other.rpc("eth_sendTransaction", deployment)
        while receipt is None:
            receipt = other.rpc("eth_getTransactionReceipt", sent)
        there = ("--chain-url", other.url, "--ledger", receipt["contractAddress"].lower())
        address = story.run("node keys list", node)["keys"][0]["address"]
        assert story.run("node ledgers add", node, *there, "--register", "--admin", address, code=3)["calls"]
        added = story.run("node ledgers add", node, *there, "--register")
        assert story.run("node ledgers anchor", node, "--timeout", "60")["ledgers"][0]["anchored"] > 0
        assert story.run("node status", node)["ledgers"]
    assert story.run("node ledgers anchor", node, "--timeout", "0", code=3)["ledgers"][0]["problem"]
    assert story.run("node ledgers list", node, code=3)["ledgers"][0]["number"] == added["number"]
    story.run("node ledgers remove", node, added["number"])
    done = story.run("node recover", node, "--log", story.folder / "log", "--dry-run")
    assert (done["byCommitment"], done["before"]) == (0, done["size"])


def people(story: Story) -> None:
    """Tokens, a second approver for a while, and what the keys need offline."""
    node, settings = story.node, story.node / "node.toml"
    ada, lin = story.folder / "ada.token", story.folder / "lin.token"
    story.run("node token add", node, "--person", "Ada", "--role", "issue", "-o", ada)
    made = story.run("node token add", node, "--person", "Lin", "--role", "approve", "--expires", "2100-01-01")
    lin.write_text(made["token"])
    assert story.run("node templates department", node, "lab-safety", "Chemistry")["department"] == "chemistry"
    assert story.run("node templates department", node, "lab-safety", "--none")["department"] is None
    plain = settings.read_text()
    settings.write_text(plain.replace("second_approver = false", "second_approver = true"))
    story.fail("node", "issue", node, story.folder / "roster.csv", code=1, kind="denied")
    head, *rows = (SAMPLES / "roster-demo.csv").read_text(encoding="utf-8").splitlines()
    for number in (1, 2):
        (story.folder / "more.csv").write_text(f"{head}\n{rows[0].replace('2026', f'201{number}')}\n", encoding="utf-8")
        story.run("node issue", node, story.folder / "more.csv", "--token-file", ada)
    waiting = story.run("node waiting", node)["submissions"]
    assert [len(item["rows"]) for item in waiting] == [1, 1]
    first, second = (item["id"] for item in waiting)
    approved = story.run("node approve", node, first, "--token-file", lin)
    assert approved["state"] == "approved"
    story.run("node withdraw", node, approved["preview"])
    assert story.run("node reject", node, second, "--reason", "twice")["withdrawn"] == 1
    settings.write_text(plain)
    assert len(story.run("node token list", node)["tokens"]) == 2
    assert not story.run("node token revoke", node, made["id"])["valid"]
    story.run("node recovery-sheet", node, "--with-encrypted-keys", "-o", story.folder / "sheet.html")
    (story.folder / "typed.txt").write_text((node / "admin-key.json").read_text())
    story.run("node keys restore", node, "--from", story.folder / "typed.txt", "--to", "admin-key.json")
    (story.folder / "new.txt").write_text("correct horse battery\n")
    story.run("node keys passphrase", node, "--new-passphrase-file", story.folder / "new.txt")


def first_file(story: Story, issued: list[str]) -> Path:
    return story.files / f"{issued[0].removeprefix('urn:uuid:')}.credential.json"


def show_copies(story: Story) -> None:
    box = Box.create(story.folder / "wallet of copies")
    for file in issue_copies(paper_institution(), [bytes([number]) * 20 for number in (1, 2)]):
        box.keep(file)
    (held,) = story.run("wallet list", box.directory)["credentials"]
    assert [copy["shown"] for copy in held["copies"]] == [[], []]
    show = ("wallet present", box.directory, held["shortId"], "--disclose", "title", "--for")
    assert story.run(*show, "Example Ltd", "--dry-run")["dryRun"]
    out = ("-o", story.folder / "copy.presentation.json", "--force")
    left = [story.run(*show, who, *out)["credentials"][0]["copy"]["left"] for who in ("Example Ltd", "Other")]
    assert left == [1, 0] and story.run(*show, "Third", "--reuse", *out)["credentials"][0]["copy"]["seenBy"]
    story.fail(*show, "Fourth", *out, code=1, kind="verification")
    story.fail(*show[:-1], *out, code=2, kind="input")


def hold_and_show(story: Story) -> None:
    wallet, stray = story.wallet, story.folder / "notes.txt"
    stray.write_text("not a credential")
    story.run("wallet list", wallet)
    files = sorted(story.files.glob("*.credential.json"))
    story.run("wallet receive", wallet, *files, stray, code=1)
    held = story.run("wallet list", wallet)["credentials"]
    assert len(held) == len(files)
    mine = next(item["id"] for item in held if item["holder"] == story.run("wallet address", wallet)["address"])
    asked = ("--audience", "Example Ltd", "--nonce", "8c1f02", "--passphrase-file", story.secret)
    shown = story.run(
        "wallet present", wallet, mine, "--disclose", "title", *asked, "-o", story.folder / "p.presentation.json"
    )
    assert shown["signatures"] == 1
    story.run("wallet present", wallet, mine, "--disclose", "grade", "-o", story.folder / "plain.presentation.json")
    shown_file = story.folder / "plain.presentation.json"
    story.run("wallet pdf", shown_file, "-o", story.folder / "certificate.pdf")
    assert len(story.run("wallet qr", shown_file, "-o", story.folder / "code.png")["files"]) > 1
    leave(story, shown_file)
    copy, key = story.folder / "wallet.backup", ("--passphrase-file", story.secret)
    assert story.run("wallet backup", wallet, "-o", copy, *key)["credentials"] == len(files)
    assert story.run("wallet restore", story.folder / "wallet again", copy, *key)["credentials"] == len(files)
    spare, words = story.folder / "wallet of words", ("--words-file", story.folder / "words.txt")
    first = story.run("wallet init", spare, *words, *key)["address"]
    assert story.run("wallet addresses", spare, "--issuer", "Uni")["given"] != first
    assert len(story.run("wallet addresses", spare, "--issuer", "Uni", "--copies", 4)["givenCopies"]) == 4
    show_copies(story)
    assert story.run("wallet restore-words", story.folder / "wallet anew", *words, *key)["address"] == first
    credit(story)
    next(path for path in wallet.rglob("*.credential.json")).write_text("{}")
    assert any(item["state"] == "damaged" for item in story.run("wallet list", wallet, code=1)["credentials"])


def credit(story: Story) -> None:
    """Claimed by the institution, recognised by it too, and issued anew; and why something was revoked."""
    node, wallet = story.node, story.wallet
    own = story.run("wallet address", wallet)["address"]
    held = story.run("wallet list", wallet)["credentials"]
    mine = next(item for item in held if item["holder"] == own and item["credits"])
    story.run("node credits deploy", node, "--dry-run")
    story.run("node credits deploy", node)
    consent, broken = story.folder / "a.claim.json", story.folder / "broken.claim.json"
    broken.write_text("{}")
    signing = ("--policy", story.policy, "--passphrase-file", story.secret)
    story.run("wallet claim", wallet, mine["id"], "-o", consent, *signing)
    story.run("node credits submit", node, consent, broken, code=1)
    story.run("wallet claim", wallet, mine["id"], "--send", "--rpc", story.chain.url, *signing, "--dry-run")
    story.run("node anchor", node)
    number, transfer = story.run("node status", node)["home"]["issuer"], story.folder / "t.redemption.json"
    story.run("wallet redeem", wallet, mine["id"], "--receiver", number, "--award", "A", "-o", transfer, *signing)
    story.run("node credits redeem", node, "--claim", transfer)
    assert story.run("node credits list", node)["acts"]
    assert story.run("wallet credits", wallet, "--policy", story.policy)["total"]["claimed"]
    story.run("wallet credits", wallet, code=3)
    desk = ("--holder", "0x" + "09" * 20, "--checked-by", "M. Novak", "--how", "passport", "--dry-run")
    entry = f"urn:uuid:{next(story.files.glob('*.credential.json')).name.partition('.')[0]}"
    assert story.run("node reissue", node, entry, *desk)["new"] is None
    story.run("node suspend", node, entry, "--note", "Fees")
    story.run("node reason", node, entry, "-o", story.folder / "reason.json")
    story.run("wallet reason", wallet, story.folder / "reason.json", "--policy", story.policy)
    story.run("node reinstate", node, entry)
    story.run("node anchor", node)


def verify(story: Story) -> None:
    plain, answered = story.folder / "plain.presentation.json", story.folder / "p.presentation.json"
    story.run("verify", plain, "--policy", story.policy)
    story.run("verify", plain, answered, code=3)
    story.run("verify", answered, "--policy", story.policy, "--audience", "Else", "--nonce", "1", code=1)
    (story.folder / "notes.json").write_text("{}")
    story.run("verify", story.folder / "notes.json", code=1)
    (story.folder / "applications").mkdir()
    (story.folder / "applications" / "plain.json").write_bytes(plain.read_bytes())
    (story.folder / "applications" / "letter.docx").write_text("Dear Sir")
    story.run("verify", story.folder / "applications", "--policy", story.policy, "--csv", story.folder / "table.csv")
    with zipfile.ZipFile(story.folder / "applications.zip", "w") as archive:
        archive.write(story.folder / "notes.json", "notes.json")
    story.run("verify", story.folder / "applications.zip", code=1)
    home = story.run("node status", story.node)["home"]
    where = ("--rpc", story.chain.url, "--ledger", f"{home['chain']}:{home['ledger']}", "--issuer", home["issuer"])
    made = story.run("snapshot", *where, "-o", story.folder / "snapshot.json", "--policy", story.policy)
    offline = ("--status", story.folder / "snapshot.json", "--block-hash", made["blockHash"])
    story.run("verify", plain, "--policy", story.policy, *offline, "--at", "2026-01-01", "--language", "sl", code=1)
    story.run("trust list")
    story.run("trust list", "--policy", story.policy)
    ledger = f"eip155:31338:0x{'05' * 20}"
    named = ("--issuer", "7=University", "--accreditor", f"0x{'06' * 20}=Agency", "--rpc", "https://node.example")
    story.run("trust add", ledger, *named, "--finality", "depth:12", "--genesis", "0x" + "07" * 32)
    story.run("trust remove", f"{ledger}/7")


def hand_out(story: Story, issued: list[str]) -> None:
    """Mail to a real server, links, bounces, the ledger; webhooks to an address where nobody answers."""
    node, config = story.node, read_config(story.node)
    with mail_server() as server:
        url = f"smtp://127.0.0.1:{server.port}"
        write_config(node, replace(config, smtp_url=url, mail_from="r@uni.example"))
        assert story.run("node deliver", node, "--limit", 1, "--dry-run")["sample"]
        assert story.run("node deliver", node, "--limit", 1, "--only", issued[0])["handedOver"] == 1
    stray = story.folder / "stray.eml"
    stray.write_text("Subject: hello\n\nyou\n")
    assert story.run("node bounces", node, stray)["foreign"] == 1
    story.fail("node", "claim-link", node, issued[0], code=2, kind="config")
    write_config(node, replace(read_config(node), public_url="https://registrar.example"))
    assert story.run("node claim-link", node, issued[0])["link"].startswith("https://registrar.example/claim#")
    write_config(node, config)
    assert story.run("node delivered", node, issued[1], "--by-hand")["counted"]
    told = story.run("node deliveries", node, "--csv", story.folder / "deliveries.csv")
    assert told["total"]["delivered"] == 2
    hook = story.run("node webhook add", node, "http://127.0.0.1:9/", "--allow-private")["id"]
    assert story.run("node webhook list", node)["webhooks"]
    story.run("node webhook test", node, hook, code=3)
    with Services.open(node) as services:
        announce(services.store, "overdue", "checkpoint/0", {}, services.now)
    assert story.run("node errands", node, "--once", code=3)["webhooks"]["failed"] == 1
    assert story.run("node webhook log", node, hook)["deliveries"][0]["attempts"] == 1
    story.run("node webhook remove", node, hook)


def afterwards(story: Story, issued: list[str]) -> None:
    node = story.node
    story.run("node revoke", node, issued[1], "--reason", "superseded")
    assert story.run("node revoke", node, issued[1])["already"]
    story.run("node suspend", node, issued[2])
    story.run("node anchor", node, "--wait", "sent")
    story.run("node anchor", node)
    story.run("node reinstate", node, issued[2])
    assert story.run("node status", node)["anchor"]
    story.run("node forecast", node, "--per-year", 500, "--batches", 12, "--gas-price", "12.5", "--coin-price", "0.4")
    story.run("node forecast", node, "--per-year", 0, "--batches", 0)
    story.run("node fsck", node, "--offline")
    story.run("node fsck", node, code=3)
    report = ("--out", story.folder / "report", "--log", story.folder / "log")
    ledger = story.run("node status", node)["home"]["ledger"]
    story.run("audit", "--rpc", story.chain.url, "--ledger", ledger, *report)
    state = ("--once", "--state", story.folder / "watch", "--log", story.folder / "log")
    story.run("audit watch", "--rpc", story.chain.url, "--ledger", ledger, *state, code=None)
    assert story.run("node exit-bundle", node, story.folder / "bundle", code=None)["files"] > 10
    story.run("doctor", node, code=None)
    story.run("doctor", "--file", story.folder / "plain.presentation.json")
    story.run("doctor", "--file", story.folder / "notes.txt", code=1)


def keep(story: Story, issued: list[str]) -> None:
    node, listed_ids = story.node, story.folder / "suspend.csv"
    listed_ids.write_text(f"id\n{issued[3]}\nurn:uuid:nothing\n")
    assert story.run("node suspend", node, "--file", listed_ids, "--dry-run", code=1)["counts"]["refused"] == 1
    story.run("node backup", node, story.folder / "backup.tar")
    story.run("node restore", story.folder / "backup.tar", story.folder / "restored")
    assert len(story.run("node copies", node, issued[0])["copies"]) == 1
    held = story.run("node show", node, issued[0])["holder"]
    new = ("--holder", "0x" + "0b" * 20) if held else ()
    assert story.run("node copies", node, issued[0], "--add", 1, *new, "--dry-run")["added"] == []
    added = story.run("node copies", node, issued[0], "--add", 1, *new)["added"]
    assert story.run("node status", node)["copiesWaiting"] == 1
    assert story.run("node copies", node, issued[0], "--withdraw")["taken"] == added
    story.run("node erase", node, issued[4], "--dry-run")
    story.run("node erase", node, issued[4], code=None)


def govern(story: Story, issued: list[str]) -> None:
    """What the admin does: rehearsed where that is enough, and unsigned where the key is elsewhere."""
    node, document = story.node, story.folder / "log" / "issuer.json"
    admin = "0x" + json.loads((node / "admin-key.json").read_text())["address"].removeprefix("0x")
    story.run("node publish", node, "--dry-run")
    story.run("node keys add", node, "--dry-run")
    waiting = story.run("node keys add", node, "--address", "0x" + "07" * 20, "--admin", admin, code=3)
    assert waiting["calls"]
    story.run("node keys retire", node, 0, "--dry-run")
    story.run("node accredit", node, 1, "--document", document, "--yes")
    story.run("node accredit", node, 1, "--withdraw", "--dry-run")
    look_up(story, document)
    story.run("node keys rotate", node, "--compromised-since", "2020-01-01", "--yes")
    assert len(story.run("node keys list", node)["keys"]) == 2
    assert story.run("node annul", node, issued[3], "--dry-run")["unaffected"]
    other, ledger = story.folder / "other", story.run("node status", node, code=None)["home"]["ledger"]
    prepare(other)
    number = story.run("node init", other, "--chain-url", story.chain.url, "--ledger", ledger, "--name", "B")["issuer"]
    story.run("node succeed", node, number, "--yes")
    story.run("node accept-succession", other, 1, "--dry-run")
    heir = create_keystore(story.folder / "heir.json", "correct horse", "pbkdf2", 2)
    story.run("node admin transfer", node, f"0x{heir.address.hex()}")
    signing = ("--key", story.folder / "heir.json", "--passphrase-file", story.secret)
    story.run("node admin accept", node, *signing, "--dry-run")


def look_up(story: Story, document: Path) -> None:
    """An issuer's history, and an accreditor with a keystore and no node."""
    home = story.run("node status", story.node, code=None)["home"]
    place, agency = f"{home['chain']}:{home['ledger']}/{home['issuer']}", story.folder / "agency.json"
    made = story.run("issuer new-key", agency, "--passphrase-file", story.secret)
    signing = ("--rpc", story.chain.url, "--key", agency, "--passphrase-file", story.secret)
    story.run("issuer accredit", place, *signing, "--document", document, "--until", "2100-01-01", "--yes")
    elsewhere = ("--rpc", story.chain.url, "--sender", made["address"])
    assert story.run("issuer withdraw", place, *elsewhere, code=3)["calls"]
    assert story.run("issuer show", place, "--policy", story.policy)["yourName"] == "Uni"


def errors(story: Story) -> None:
    story.fail("node", "status", story.folder / "nothing", code=2, kind="config")
    story.fail("node", "issue", story.node, code=2, kind="usage")
    story.fail("node", "withdraw", story.node, "urn:uuid:nothing", code=2, kind="input")
    story.fail("wallet", "address", story.folder / "nothing", code=2, kind="input")
    port = story.chain.url.rpartition(":")[2]
    story.fail("chain", "--engine", "embedded", "--port", port, code=2, kind="config")
    story.fail("prove", code=2, kind="usage")
    story.fail("update", story.folder / "notes.json", "--rpc", "http://127.0.0.1:9", code=2, kind="input")


def leave(story: Story, file: Path) -> None:
    """With a node that keeps locked files, and with one that does not."""
    with Services.open(story.node) as opened:
        for on in (True, False):
            services = Services(opened.directory, replace(opened.config, share_links=on), opened.store)
            server = make_server("127.0.0.1", 0, create_app(services), threaded=True)
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                words = (file, "--node", f"http://127.0.0.1:{server.server_port}")
                if on:
                    assert "/shared#" in story.run("wallet link", *words)["link"]
                else:
                    assert story.program("wallet", "link", *words).code == 1
            finally:
                server.shutdown()
                thread.join()
                server.server_close()


def posts(client: FlaskClient) -> None:
    """Public routes that take something."""
    validate(client.post("/v1/verify", data=b"{}", content_type="application/json").json, "verdict")
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n{}\r\n'
    form = {"data": part + part + b"--x--\r\n", "content_type": "multipart/form-data; boundary=x"}
    validate(client.post("/v1/verify", **form).json, "verdicts")  # type: ignore[arg-type]
    sealed = {"data": b"x" * 99, "content_type": "application/octet-stream"}
    validate(client.post("/v1/links?days=1", **sealed).json, "link")  # type: ignore[arg-type]


def pages(story: Story) -> set[str]:
    """Ask every route that answers with JSON; the schemas that the answers fitted."""
    fitted: set[str] = set()

    def get(address: str, route: str) -> None:
        answer = client.get(address)
        value = json.loads(answer.data)
        if answer.content_type == "application/problem+json":
            validate(value, "problem")
            return
        row = ROUTES[route]
        name = value["format"].removeprefix("rootseal/").removesuffix("/1") if row.formats else row.schemas[0]
        assert name in row.schemas
        validate(value, name)
        fitted.add(name)

    with Services.open(story.node) as opened:
        services = Services(
            opened.directory,
            replace(opened.config, public_url="https://registrar.example", share_links=True),
            opened.store,
        )
        client = create_app(services).test_client()
        for entry in opened.store.entries.numbered(0, 100):
            get(f"/v1/proofs/{entry.commitment.hex()}", "/v1/proofs/<commitment>")
        for route, row in ROUTES.items():
            if row.schemas and "<" not in route:
                get(route, route)
        assert client.get("/openapi.json").json["openapi"].startswith("3.1")  # type: ignore[index]
        posts(client)
        for address in ("/nothing", "/v1/proofs/00", "/v1/checkpoints?count=0", "/log/tile/0/x000/001"):
            assert client.get(address).status_code in (400, 404)
            get(address, "")
        client = create_app(services, Health(working=True)).test_client()
        get("/readyz", "/readyz")
    return fitted
