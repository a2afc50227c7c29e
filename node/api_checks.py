"""`/v1/doctor`, `/v1/fsck`, `/v1/diagnoses`, `/v1/forecast` and `/v1/keys`: is all well, and what will it cost.

Read only. What takes long is done one at a time, so that nobody can keep the node busy with it. Sentences that may
name a path of the machine or an address of the institution's network stay on the machine.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final

from flask import Response
from flask_openapi.blueprint import APIBlueprint
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from node.access import Role
from node.api_credentials import flag
from node.client.check_models import (
    DoctorCheck,
    DoctorReport,
    ForecastReport,
    FsckFinding,
    FsckReport,
    KeyList,
    KeyReport,
)
from node.doctor import diagnose
from node.doctor_file import diagnose_file
from node.forecast import GWEI, ForecastRequest, forecast, price_now
from node.ledger_keys import keystore_address
from node.problems import Refused, refusing
from node.web.authentication import for_all, needs
from node.web.bodies import bounded, read_upload
from node.web.describing import answers, guarded_routes
from node.web.paging import whole
from node.web.request_shape import RequestShape
from rootseal.canonical import MAX_BYTES, dumps
from rootseal.errors import ConfigError
from rootseal.ethereum import address_text

if TYPE_CHECKING:
    from node.doctor_result import Result
    from node.services import Services

__all__ = ["check_routes"]

_MOST: Final = 10**9
_DECIMAL: Final = r"^[0-9]{1,10}(\.[0-9]{1,18})?$"
_FILES: Final = {"application/json": ".json", "application/octet-stream": ".bin"}
_LONGEST_FILE: Final = MAX_BYTES + 1
# Their sentences are made of numbers, dates and settings alone.
_TOLD: Final = frozenset(("disk space", "webhooks", "promises", "backup", "finality", "clock", "newest copy"))
# These may repeat what an endpoint or a library said.
_UNTOLD_FINDINGS: Final = frozenset(("chain.wrong", "store.damaged"))


class ForecastQuery(RequestShape):
    """A year."""

    model_config = ConfigDict(extra="forbid")

    # The order matters to pydantic: bounds first, else they are lost from the schema.
    per_year: Annotated[int, Field(ge=0, le=_MOST, description="Credentials a year."), BeforeValidator(whole)]
    batches: Annotated[int, Field(ge=0, le=_MOST, description="Batches a year."), BeforeValidator(whole)]
    copies: Annotated[int, Field(ge=1, le=16, description="Copies of each."), BeforeValidator(whole)] = 1
    revocations: Annotated[int, Field(ge=0, le=_MOST, description="Revocations."), BeforeValidator(whole)] = 0
    gas_price: str | None = Field(
        default=None, pattern=_DECIMAL, description="Price of gas in gwei; absent: the chain's now."
    )
    coin_price: str | None = Field(default=None, pattern=_DECIMAL, description="Price of one coin in your money.")


class FsckQuery(RequestShape):
    """How much is checked."""

    model_config = ConfigDict(extra="forbid")

    offline: Annotated[bool, Field(description="Do not ask the chain."), BeforeValidator(flag)] = False


def check_routes(services: Services) -> APIBlueprint:
    """The routes of looking after the node."""
    routes = guarded_routes("checks", "checks", "Is all well, and what will it cost.")
    alone = _Alone()
    _well(routes, services, alone)
    _known(routes, services)
    return routes


class _Alone:
    """One at a time: the second one is asked to come again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        if not self._lock.acquire(blocking=False):
            sentence = "An examination is going on; ask again in a minute."
            raise Refused(409, sentence, code="check.running", headers={"Retry-After": "60"})
        try:
            yield
        finally:
            self._lock.release()


def _well(routes: APIBlueprint, services: Services, alone: _Alone) -> None:
    @routes.get("/doctor", summary="Examine the node, changing nothing", responses=answers(409, ok=DoctorReport))
    @needs(Role.READ)
    def doctor() -> Response:
        for_all()
        with alone():
            found = diagnose(services.directory, chain=services.connection.given)
        checks = [_check(result) for result in found.results]
        return _json(DoctorReport(test=found.test, well=found.exit_code == 0, checks=checks))

    @routes.get(
        "/fsck",
        summary="Prove the store against itself and the chain; repairs nothing",
        description="Computes everything anew: some minutes for a hundred thousand credentials.",
        responses=answers(409, ok=FsckReport),
    )
    @needs(Role.READ)
    def fsck(query: FsckQuery) -> Response:
        for_all()
        with alone():
            found = services.fsck(offline=query.offline)
        findings = [
            FsckFinding(code=one.code, sentence=_ASK if one.code in _UNTOLD_FINDINGS else one.sentence)
            for one in found.findings
        ]
        return _json(
            FsckReport(
                clean=found.clean,
                complete=not found.unchecked,
                entries=found.entries,
                erased=found.erased,
                recovered=found.recovered,
                checkpoints=found.checkpoints,
                anchors=found.anchors,
                witness_anchors=found.witness_anchors,
                acts_since_seal=found.acts_since_seal,
                findings=findings,
            )
        )

    @routes.post(
        "/diagnoses",
        summary="Say what is wrong with one file, quoting nothing of it",
        description="As `rootseal doctor --file`; the chain is not asked, and nothing is kept.",
        request_body=_FILE_BODY,
        responses=answers(415, ok=_DIAGNOSIS),
    )
    @needs(Role.READ)
    @bounded(_LONGEST_FILE)
    def diagnosis() -> Response:
        data = read_upload(_LONGEST_FILE, _FILES, "The file is larger than 1 MiB: it is no credential.").data
        value = {"format": "rootseal/diagnosis/1", **diagnose_file(data, services.now).value}
        return Response(dumps(value), content_type="application/json")


def _known(routes: APIBlueprint, services: Services) -> None:
    @routes.get("/forecast", summary="What a year on the chain costs", responses=answers(422, ok=ForecastReport))
    @needs(Role.READ)
    def year(query: ForecastQuery) -> Response:
        if query.gas_price is None:
            price = price_now(services.connection.chain)
        else:
            price = int(Decimal(query.gas_price) * GWEI)
        coin = None if query.coin_price is None else Decimal(query.coin_price)
        asked = ForecastRequest(query.per_year, query.batches, query.revocations, price, coin, query.copies)
        with refusing():
            found = forecast(asked, services.config.chain_id)
        return _json(ForecastReport.model_validate({"test": services.config.test, **found.to_json()}))

    @routes.get("/keys", summary="The issuer's keys on the ledger", responses=answers(ok=KeyList))
    @needs(Role.READ)
    def keys() -> Response:
        try:
            own: bytes | None = keystore_address(services.directory / services.config.key_file)
        except ConfigError:
            own = None
        items = [
            KeyReport(
                number=number,
                address=address_text(key.address),
                anchors=bool(key.roles & 1),
                writes_status=bool(key.roles & 2),
                added_at=key.added_at,
                retired_at=key.retired_at or None,
                compromised_since=key.compromised_since or None,
                own=key.address == own,
            )
            for number, key in enumerate(services.connection.ledger.keys(services.home.issuer))
        ]
        return _json(KeyList(items=items))


def _check(result: Result) -> DoctorCheck:
    told = result.check in _TOLD
    return DoctorCheck(
        check=result.check,
        outcome=result.outcome,
        sentence=result.sentence if told else None,
        way_out=None if result.outcome == "ok" else result.way_out if told else _ASK,
    )


def _json(value: BaseModel) -> Response:
    return Response(value.model_dump_json(by_alias=True), content_type="application/json")


_ASK: Final = "`rootseal doctor DIR` and `rootseal node fsck DIR`, at the machine, say more."
_FILE_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "application/json": {"schema": {}},
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    },
}
_DIAGNOSIS: Final[dict[str, Any]] = {
    "description": "rootseal/diagnosis/1, which may be shown to anybody.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}
