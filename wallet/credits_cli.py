"""`rootseal wallet claim|redeem|credits|reason`: a learner's credits, and why a credential was revoked."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from rootseal.canonical import Json
from rootseal.consents import claim_of
from rootseal.errors import InputError
from rootseal.ethereum import address_text, checksum_address, parse_address
from rootseal.instants import format_instant, parse_instant
from rootseal.reason import Reason
from rootseal.strict import ethereum_hex
from wallet.box import Box
from wallet.claiming import Consent, contract_of, keep_award, make_claim, make_redemption, send_claim
from wallet.console import as_json_option, finish, harmless, heading, line, paragraph, print_json
from wallet.copies import carrier_named
from wallet.credits import CreditSum, IssuerCredits, Overview, Piece, overview, sums
from wallet.disk import read_file, write_atomically
from wallet.reasons import judge
from wallet.settings import load_policy

__all__ = ["claim", "credits_overview", "reason", "redeem"]

_DAY = 86_400
_dir = click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
_policy = click.option("--policy", metavar="F", type=click.Path(path_type=Path), help="Whom you trust; else your own.")
_contract = click.option("--contract", metavar="0x…", help="The credits contract.  [default: that of your policy]")
_passphrase = click.option(
    "--passphrase-file", metavar="F", type=click.Path(path_type=Path), help="Read the passphrase from this file."
)
_until = click.option(
    "--until", metavar="DATE", help="How long your consent counts: 2027-01-31, or with a time.  [default: 90 days]"
)
_for_contract = click.option(
    "--contract-wallet", is_flag=True, help="The holder is a contract that takes this wallet's key for its own."
)
_signature = click.option("--signature", metavar="0x…", help="Take this signature, made elsewhere over the digest.")


@click.command("claim")
@_dir
@click.argument("credential", metavar="ID")
@click.option(
    "-o", "--out", "output", metavar="FILE", type=click.Path(path_type=Path), help="Write the consent to hand over."
)
@click.option("--send", is_flag=True, help="Send it yourself and pay for it; needs --rpc.")
@click.option("--rpc", metavar="URL", help="A node of the chain, for --send.")
@click.option("--digest", "only_digest", is_flag=True, help="Print what has to be signed elsewhere, and stop.")
@click.option("--dry-run", is_flag=True, help="With --send: rehearse it and say what it costs; send nothing.")
@_until
@_contract
@_policy
@_for_contract
@_signature
@_passphrase
@as_json_option
def claim(directory: Path, credential: str, as_json: bool, **options: Any) -> None:
    """Consent that a credential's credits become a token of yours on the chain.

    Hand the file to the institution, which pays and sends; or send it yourself. It shows your address, the number of
    credits and the place in the log, for ever and to everybody; no title and no name.

    \b
    Examples:
      rootseal wallet claim ~/wallet 3f2a -o ledgers.claim.json
      rootseal wallet claim ~/wallet 3f2a --send --rpc https://node.example

    Exit codes: 0 written, or claimed; 2 wrong usage or not your credential; 3 refused by the contract, not published
    yet, or not final yet.
    """
    sending, output = options["send"], options["output"]
    if not (sending or options["only_digest"]) and output is None:
        raise click.UsageError("Give -o FILE, or --send.")
    if sending and options["rpc"] is None:
        raise click.UsageError("--send needs --rpc URL.")
    box, policy = Box.open(directory), load_policy(options["policy"], ())
    file = carrier_named(box, credential).file
    contract = contract_of(file.home, policy, _address(options["contract"]))
    deadline, consent = _deadline(options["until"]), _consent(box, options)
    value: dict[str, Json] = {"contract": address_text(contract), "deadline": deadline, "file": None, "gas": None}
    if options["only_digest"]:
        made = claim_of(file, contract, deadline)
    else:
        made = make_claim(file, contract, deadline, consent)
        if output is not None:
            _write_new(output, made.to_bytes())
            value["file"] = str(output)
    if sending and not options["only_digest"]:
        listed = None if policy is None else policy.ledger(file.home)
        value["gas"] = send_claim(
            made,
            options["rpc"],
            None if listed is None else listed.credits,
            consent,
            lambda text: click.echo(harmless(text), err=True),
            finality="tag" if listed is None else listed.finality,
            dry_run=options["dry_run"],
        )
    sent = bool(sending and not options["only_digest"] and not options["dry_run"])
    value |= {"id": made.commitment.hex(), "digest": "0x" + made.digest.hex(), "credits": made.subject.credits}
    value |= {"sent": sent}
    if as_json:
        print_json({"format": "rootseal/wallet-claim/1", **value})
        return
    ects = f"{made.subject.credits / 100:g} ECTS"
    if options["only_digest"]:
        line(f"Sign this for {ects}, good until {format_instant(deadline)}: 0x{made.digest.hex()}")
    elif sent:
        line(f"{ects} are claimed." if value["gas"] else f"{ects} were claimed before.")
    elif sending:
        line(f"It would need {value['gas']} gas.")
    if value["file"] is not None:
        line(f"{output}: your consent to claim {ects}, good until {format_instant(deadline)}.")


@click.command("redeem")
@_dir
@click.argument("credential", metavar="ID")
@click.option("--receiver", metavar="N", required=True, type=click.IntRange(1), help="Number of the institution.")
@click.option("--award", metavar="TEXT", required=True, help="What it gives you for them; only its hash goes on chain.")
@click.option(
    "-o", "--out", "output", metavar="FILE", required=True, type=click.Path(path_type=Path), help="To hand over."
)
@_until
@_contract
@_policy
@_for_contract
@_signature
@_passphrase
@as_json_option
def redeem(
    directory: Path, credential: str, receiver: int, award: str, output: Path, as_json: bool, **options: Any
) -> None:
    """Consent that one institution recognises the credits of a credential: once, and for ever.

    Hand the file to that institution. A copy stays in the wallet: it alone shows what the hash on chain means.

    \b
    Example:
      rootseal wallet redeem ~/wallet 3f2a --receiver 7 --award "Module INF-201" -o transfer.redemption.json

    Exit codes: 0 written; 2 wrong usage or not your credential; 3 not published yet.
    """
    if options["signature"] is not None:
        raise InputError("--signature", "cannot be given here: the salt is drawn anew each time; use --contract-wallet")
    box, policy = Box.open(directory), load_policy(options["policy"], ())
    file = carrier_named(box, credential).file
    contract = contract_of(file.home, policy, _address(options["contract"]))
    deadline, consent = _deadline(options["until"]), _consent(box, options)
    made = make_redemption(file, contract, receiver, award, deadline, consent)
    kept = keep_award(box, made)
    _write_new(output, made.to_bytes())
    if as_json:
        result: dict[str, Json] = {"id": made.commitment.hex(), "file": str(output), "kept": str(kept)}
        result |= {"receiver": receiver, "award": award, "awardHash": made.award_hash.hex(), "deadline": deadline}
        print_json({"format": "rootseal/wallet-redeem/1", **result})
        return
    ects = f"{file.subject.credits / 100:g} ECTS"
    line(f"{output}: institution {receiver} may recognise {ects} for “{award}” until {format_instant(deadline)}.")


@click.command("credits")
@_dir
@click.option("--rpc", metavar="URL", help="Ask this node of the chain instead of those in the policy.")
@_policy
@as_json_option
def credits_overview(directory: Path, rpc: str | None, policy: Path | None, as_json: bool) -> None:
    """Add up your credits by level and field: earned, claimed, pending, spent, suspended, revoked.

    Only issuers that your policy trusts are added up, and only the credits contract that it names is asked; others
    are listed apart. Credits count once, however many copies there are.

    \b
    Examples:
      rootseal wallet credits ~/wallet
      rootseal wallet credits ~/wallet --rpc https://node.example --json

    Exit codes: 0 added up; 3 something could not be checked, as it says.
    """
    trusted = load_policy(policy, ())
    found = overview(Box.open(directory).credentials(), trusted, rpc, int(time.time()))
    if as_json:
        print_json(_overview_json(found))
    else:
        _print_overview(found)
    finish(3 if found.unchecked() else 0)


@click.command("reason")
@_dir
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--rpc", metavar="URL", help="Ask this node of the chain instead of those in the policy.")
@_policy
@as_json_option
def reason(directory: Path, file: Path, rpc: str | None, policy: Path | None, as_json: bool) -> None:
    """Show why an issuer revoked or suspended a credential, and check that the issuer signed it.

    \b
    Example:
      rootseal wallet reason ~/wallet reason.json

    Exit codes: 0 it is the issuer's word; 1 no key of the issuer signed it; 2 it is no such file;
    3 could not be checked.
    """
    box, stated = Box.open(directory), Reason.from_bytes(read_file(file))
    held = next((one for one in box.credentials() if one.commitment == stated.commitment), None)
    outcome, sentence = judge(stated, load_policy(policy, ()), rpc)
    if as_json:
        key = stated.key
        value: dict[str, Json] = {"commitment": stated.commitment.hex(), "held": held is not None, "act": stated.act}
        value |= {"reason": stated.reason, "actAt": stated.act_at, "signedAt": stated.signed_at}
        value |= {"key": None if key is None else address_text(key), "outcome": outcome, "sentence": sentence}
        print_json({"format": "rootseal/wallet-reason/1", **value})
    else:
        which = "a credential that is not in this wallet" if held is None else f"credential {held.short_id}"
        paragraph(f"{stated.act} of {which}, {format_instant(stated.act_at)}: “{stated.reason}”", 0, 2)
        paragraph(sentence)
    finish({"confirmed": 0, "refuted": 1, "unknown": 3}[outcome])


def _consent(box: Box, options: dict[str, Any]) -> Consent:
    given = options["signature"]
    signature = None if given is None else ethereum_hex(given.lower(), "--signature")
    return Consent(box, options["passphrase_file"], options["contract_wallet"], signature)


def _address(text: str | None) -> bytes | None:
    return None if text is None else parse_address(text, "--contract")


def _deadline(text: str | None) -> int:
    """UTC seconds; of a day its last one. The default is a full hour, so that it tells little of when it was made."""
    now = int(time.time())
    if text is None:
        return (now + 90 * _DAY) // 3600 * 3600
    try:
        found = parse_instant(f"{text}T23:59:59Z" if len(text) == 10 else text, "--until")
    except InputError:
        raise InputError("--until", "must be a day such as 2027-01-31, or 2027-01-31T12:00:00Z", text) from None
    if found <= now:
        raise InputError("--until", "is over already", text)
    return found


def _write_new(path: Path, data: bytes) -> None:
    if path.exists():
        raise InputError(str(path), "exists already; give another name")
    write_atomically(path, data)


def _overview_json(found: Overview) -> dict[str, Json]:
    trusted = [piece for piece in found.pieces if piece.trusted]
    rows: list[Json] = [{"level": k[0], "field": k[1], **asdict(v)} for k, v in sums(trusted).items()]
    return {
        "format": "rootseal/wallet-credits/1",
        "trusted": rows,
        "total": asdict(_total(trusted)),
        "untrusted": asdict(_total([piece for piece in found.pieces if not piece.trusted])),
        "issuers": [_issuer_json(issuer) for issuer in found.issuers],
        "credentials": [_piece_json(piece) for piece in found.pieces],
    }


def _total(pieces: list[Piece]) -> CreditSum:
    total = CreditSum()
    for piece in pieces:
        total = total.plus(piece)
    return total


def _issuer_json(issuer: IssuerCredits) -> Json:
    return {
        "place": f"{issuer.home.chain}:{address_text(issuer.home.ledger)}/{issuer.home.issuer}",
        "name": issuer.name,
        "trusted": issuer.trusted,
        "contract": None if issuer.contract is None else address_text(issuer.contract),
        "problem": issuer.problem,
        "counted": issuer.counted,
        "redeemed": issuer.redeemed,
        "asOf": issuer.block_time,
    }


def _piece_json(piece: Piece) -> Json:
    return {
        "id": piece.commitment.hex(),
        "title": piece.title,
        "credits": piece.credits,
        "level": piece.level,
        "field": piece.field,
        "trusted": piece.trusted,
        "state": piece.state,
        "reason": piece.reason,
    }


def _print_overview(found: Overview) -> None:
    if not found.pieces:
        line("No credential in this wallet carries credits that were issued to a key.")
        return
    trusted = [piece for piece in found.pieces if piece.trusted]
    heading("Credits of issuers that you trust (ECTS)")
    for (level, field), total in sums(trusted).items():
        paragraph(f"{level or 'no level'}, {field or 'no field of study'}: {_sum_words(total)}", 2, 2)
    paragraph(f"Together: {_sum_words(_total(trusted))}", 2, 2)
    others = [piece for piece in found.pieces if not piece.trusted]
    if others:
        heading("Not added up, because you do not trust the issuer or it could not be checked")
        for piece in others:
            paragraph(
                f"{piece.credits / 100:g} ECTS, {piece.title or piece.commitment.hex()[:12]}: {piece.state}", 2, 2
            )
    for issuer in found.issuers:
        _print_issuer(issuer, [piece for piece in found.pieces if piece.home == issuer.home])


def _print_issuer(issuer: IssuerCredits, pieces: list[Piece]) -> None:
    heading(f"{issuer.name or 'Issuer ' + str(issuer.home.issuer)} ({issuer.home})")
    for piece in pieces:
        why = f": {piece.reason}" if piece.reason else ""
        paragraph(f"{piece.commitment.hex()[:12]} {piece.credits / 100:g} ECTS {piece.state}{why}", 2, 2)
    if issuer.problem is not None:
        paragraph(f"Claims could not be checked: {issuer.problem}", 2, 2)
    elif issuer.counted is not None and issuer.contract is not None and issuer.block_time is not None:
        own = _total(pieces).claimed
        more = "" if issuer.counted <= own else f", {(issuer.counted - own) / 100:g} more than is in this wallet"
        paragraph(
            f"The contract {checksum_address(issuer.contract)} counts {issuer.counted / 100:g} ECTS for your addresses"
            f"{more}, as of {format_instant(issuer.block_time)}.",
            2,
            2,
        )


def _sum_words(total: CreditSum) -> str:
    said = [f"{amount / 100:g} {name}" for name, amount in asdict(total).items() if amount or name == "earned"]
    return ", ".join(said)
