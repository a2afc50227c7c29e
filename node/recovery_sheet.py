"""The sheet of paper for the safe: who the node is, which keys it has, what to type in which disaster. No secret.

Locked key files are on it only where that was asked for; without the passphrase they open nothing.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import urlsplit

import segno

from anchor.ledger import IssuerRecord
from node.backup_record import last_backup
from node.drills import DRILLS
from node.init_keys import ADMIN_KEY
from node.ledger_keys import keystore_address
from node.services import Services
from node.typed_keys import compact, printed_lines
from rootseal.errors import RootsealError
from rootseal.ethereum import address_text, checksum_address
from rootseal.facts import KeyFact
from rootseal.instants import format_instant

__all__ = ["Sheet", "SheetKey", "gather", "to_html", "to_text"]

_ROLES: Final = {1: "anchors", 2: "writes status", 3: "anchors and writes status"}
_BLANKS: Final = (
    "The envelope with the passphrase lies",
    "The first backup lies",
    "The second backup lies",
    "The admin's key (two copies) lies",
    "The second holder of the admin's key",
    "People who know the passphrase",
    "Printed, compared with the screen, and put away by",
    "Date of the next drill",
)
_STYLE: Final = """
body{font:11pt/1.4 serif;max-width:42em;margin:2em auto;padding:0 1em;color:#000;background:#fff}
h1{font-size:16pt}h2{font-size:13pt;margin-top:1.5em;break-after:avoid}h3{font-size:11pt;margin:1em 0 .2em}
table{border-collapse:collapse;width:100%}th{text-align:left;font-weight:normal;width:14em;vertical-align:top}
td,th{border-bottom:1px solid #999;padding:.3em .5em .3em 0}td{overflow-wrap:anywhere}
pre{font:8.5pt/1.35 monospace;white-space:pre-wrap;overflow-wrap:anywhere;margin:.2em 0;break-inside:avoid}
.blank td{height:1.6em}.warn{border:2px solid #000;padding:.5em}figure{margin:1em 0;break-inside:avoid}
@page{margin:18mm}
"""


@dataclass(frozen=True, slots=True)
class SheetKey:
    """One key: its file (or where it is), the address or the log's public key, what it may do; `locked` is the file."""

    name: str
    key: str
    roles: str
    locked: str | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that is printed. `facts` are (label, value); `problem` says why the chain told nothing."""

    title: str
    test: bool
    facts: tuple[tuple[str, str], ...]
    keys: tuple[SheetKey, ...]
    problem: str | None
    directory: str


def gather(services: Services, *, with_keys: bool = False) -> Sheet:
    """Everything for the sheet, from disk and, where it answers, from the chain; survives the chain's silence."""
    record, known, problem = _asked(services)
    config, now = services.config, services.now
    backup = last_backup(services.store)
    hosts = ", ".join(urlsplit(url).hostname or "" for url in config.chain_urls)
    facts = (
        ("Institution", config.name),
        ("Directory", str(services.directory.absolute())),
        ("Issuer number", str(config.issuer or "not registered yet")),
        ("Ledger contract", checksum_address(config.ledger) if config.ledger else "none yet"),
        ("Chain", f"eip155:{config.chain_id}{' (TEST)' if config.test else ''}"),
        ("Genesis block", "0x" + config.genesis_hash.hex()),
        # An endpoint's address may hold an access code: its host is enough to find it again.
        ("Chain is asked at", hosts),
        ("Public address", config.public_url or "none"),
        ("Admin", checksum_address(record.admin) if record else "not known: the chain could not be asked"),
        ("Invited as next admin", _invited(record)),
        ("Log's public key (Ed25519)", _log_key(services)),
        ("Last backup", format_instant(backup) if backup else "none was made"),
        ("Sheet made", format_instant(now)),
    )
    title = f"Recovery sheet: {config.name}"
    return Sheet(title, config.test, facts, _keys(services, known, record, with_keys), problem, services.directory.name)


def _asked(services: Services) -> tuple[IssuerRecord | None, tuple[KeyFact, ...], str | None]:
    try:
        home, ledger = services.home, services.connection.ledger
        return ledger.issuer(home.issuer), ledger.keys(home.issuer), None
    except RootsealError as error:
        return None, (), error.diagnostics()


def _invited(record: IssuerRecord | None) -> str:
    if record is None:
        return "not known"
    return checksum_address(record.pending_admin) if any(record.pending_admin) else "nobody"


def _log_key(services: Services) -> str:
    try:
        return services.log_key.public.hex()
    except RootsealError:
        return "its file is missing"


def _keys(
    services: Services, known: tuple[KeyFact, ...], record: IssuerRecord | None, with_keys: bool
) -> tuple[SheetKey, ...]:
    config, found = services.config, []
    paths = dict.fromkeys((services.directory / config.key_file, *sorted(services.directory.glob("key*.json"))))
    on_disk = {keystore_address(path): path for path in paths if path.exists()}
    facts = {key.address: key for key in known}
    for address, path in on_disk.items():
        own = path.name == config.key_file
        roles = _roles(facts.get(address), asked=bool(known)) + (", the node's own" if own else "")
        found.append(SheetKey(path.name, address_text(address), roles, compact(path) if with_keys else None))
    for address, key in facts.items():
        if address not in on_disk:
            found.append(SheetKey("kept elsewhere", address_text(address), _roles(key, asked=True), None))
    log = services.directory / config.log_key_file
    if log.exists():
        locked = compact(log) if with_keys else None
        found.append(SheetKey(log.name, services.log_key.public.hex(), "signs the published log", locked))
    admin = services.directory / ADMIN_KEY
    if admin.exists():
        address = keystore_address(admin)
        roles = "governs the issuer" if record is None or record.admin == address else "governs nothing any more"
        found.append(SheetKey(admin.name, address_text(address), roles, compact(admin) if with_keys else None))
    return tuple(found)


def _roles(key: KeyFact | None, *, asked: bool) -> str:
    if key is None:
        return "not on the ledger" if asked else "roles not known"
    retired = f", retired {format_instant(key.retired_at)}" if key.retired_at else ""
    return _ROLES.get(key.roles, "unknown roles") + retired


def to_text(sheet: Sheet) -> str:
    """Plain text, for a printer or a terminal."""
    lines = [sheet.title, "=" * len(sheet.title), "", *_remarks(sheet), ""]
    lines += [f"{label + ':':30} {value}" for label, value in sheet.facts]
    lines += ["", "Keys", "----"]
    lines += [f"{key.name:16} {key.key}\n{'':16} {key.roles}" for key in sheet.keys]
    lines += ["", "To be filled in by hand", "-----------------------"]
    lines += [f"{blank}: {'_' * 40}\n" for blank in _BLANKS]
    lines += ["What to type", "------------", _drills_remark(sheet), ""]
    for drill in DRILLS:
        lines += [drill.title, *(f"    {_named(command, sheet)}" for command in drill.commands), ""]
    for key in sheet.keys:
        if key.locked is not None:
            lines += [f"Locked key {key.name} {key.key}", *printed_lines(key.locked), ""]
    return "\n".join(lines) + "\n"


def to_html(sheet: Sheet) -> str:
    """One self-contained page: no script, nothing is fetched."""
    rows = "".join(
        f"<tr><th scope=row>{escape(label)}</th><td>{escape(value)}</td></tr>" for label, value in sheet.facts
    )
    keys = "".join(
        f"<tr><th scope=row>{escape(key.name)}</th><td>{escape(key.key)}<br>{escape(key.roles)}</td></tr>"
        for key in sheet.keys
    )
    blanks = "".join(f"<tr><th scope=row>{escape(blank)}</th><td></td></tr>" for blank in _BLANKS)
    drills = "".join(
        f"<h3>{escape(drill.title)}</h3><pre>{escape(chr(10).join(_named(c, sheet) for c in drill.commands))}</pre>"
        for drill in DRILLS
    )
    locked = "".join(_locked_html(key) for key in sheet.keys if key.locked is not None)
    remarks = "".join(f'<p class="warn">{escape(line)}</p>' for line in _remarks(sheet))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(sheet.title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(sheet.title)}</h1>{remarks}<table>{rows}</table>"
        f"<h2>Keys</h2><table>{keys}</table>"
        f'<h2>To be filled in by hand</h2><table class="blank">{blanks}</table>'
        f"<h2>What to type</h2><p>{escape(_drills_remark(sheet))}</p>{drills}"
        f"{'<h2>Locked keys</h2>' if locked else ''}{locked}</body></html>\n"
    )


def _locked_html(key: SheetKey) -> str:
    text = key.locked or ""
    code = segno.make(text, error="m", micro=False).svg_inline(scale=3, title=f"Locked key {key.name}")
    lines = escape("\n".join(printed_lines(text)))
    return f"<figure><h3>{escape(key.name)} {escape(key.key)}</h3>{code}<pre>{lines}</pre></figure>"


def _remarks(sheet: Sheet) -> list[str]:
    remarks = ["TEST: this node rehearses on a test chain."] if sheet.test else []
    if any(key.locked for key in sheet.keys):
        remarks.append(
            "This sheet holds key files, locked by the passphrase. Whoever has both has the keys: keep them apart. To "
            "bring one back, type its lines (or scan its code) into a file: "
            f"rootseal node keys restore {shlex.quote(sheet.directory)} --from FILE"
        )
    else:
        remarks.append("This sheet holds no secret, and no key: it says where they are.")
    if sheet.problem:
        remarks.append(f"The chain could not be asked when this was made: {sheet.problem}")
    return remarks


def _drills_remark(sheet: Sheet) -> str:
    return (
        f"Stop `rootseal node run {shlex.quote(sheet.directory)}` first, and start it again at the end. Words after "
        "a $ are yours to fill in: "
        "$STOLEN and $FOREIGN the address of a key, $SINCE a moment such as 2026-10-01T08:00:00Z, "
        "$REVOKED ids of credentials, $NEW the new admin's address, $RPC the chain's address, $LEDGER the contract, "
        "$ISSUER and $NEWISSUER chain:contract/number, $TOKEN a token's id. Every command may be interrupted and "
        "typed again. docs/drills.md says more."
    )


def _named(command: str, sheet: Sheet) -> str:
    """The command with this node's directory in the place of the example's."""
    return " ".join(
        shlex.quote(word.replace("college", sheet.directory, 1)) if word.startswith("college") else word
        for word in command.split(" ")
    )
