"""What the HTTP interface answers about whether all is well, and what it will cost."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from node.client.models import Shape

__all__ = [
    "Cost",
    "DoctorCheck",
    "DoctorReport",
    "ForecastReport",
    "FsckFinding",
    "FsckReport",
    "KeyList",
    "KeyReport",
]


class Cost(Shape):
    """Gas, and what it costs; decimals are text, so that no program rounds them unasked."""

    gas: int = Field(description="Gas.")
    coin: str | None = Field(description="In the chain's coin.")
    money: str | None = Field(description="In money; null where no price of a coin was given.")


class ForecastReport(Shape):
    """What a year on the chain costs."""

    format: Literal["rootseal/node-forecast/1"] = Field(
        default="rootseal/node-forecast/1", description="Which shape this is."
    )
    test: bool = Field(description="True on a test ledger: the coin is worth nothing.")
    credentials: int = Field(description="Credentials a year.")
    batches: int = Field(description="Batches a year.")
    copies: int = Field(description="Copies of each credential.")
    revocations: int = Field(description="Revocations a year.")
    gas_price_wei: str = Field(description="Price of gas, wei.")
    coin_price: str | None = Field(description="Price of one coin in money.")
    anchors: int = Field(description="Anchors a year.")
    per_year: Cost = Field(description="A year.")
    per_credential: Cost | None = Field(description="One credential; null where there are none.")
    set_up: Cost = Field(description="Setting up, once.")
    assumptions: list[str] = Field(description="Sentences that belong to every figure.")


class DoctorCheck(Shape):
    """One check."""

    check: str = Field(description="Its name.")
    outcome: Literal["ok", "problem", "unknown"] = Field(description="What it found.")
    sentence: str | None = Field(
        description="In words; null where they may name paths or addresses: `rootseal doctor` at the machine says them."
    )
    way_out: str | None = Field(description="What to do.")


class DoctorReport(Shape):
    """What `rootseal doctor` finds, without paths and addresses."""

    format: Literal["rootseal/doctor-report/1"] = Field(
        default="rootseal/doctor-report/1", description="Which shape this is."
    )
    test: bool | None = Field(description="True on a test ledger; null where the settings cannot be read.")
    well: bool = Field(description="True iff every check is ok.")
    checks: list[DoctorCheck] = Field(description="Every check, in order.")


class FsckFinding(Shape):
    """One thing that is wrong."""

    code: str = Field(description="Its stable code.")
    sentence: str = Field(description="In words.")


class FsckReport(Shape):
    """Whether the store is true to itself and to the chain. Nothing is repaired."""

    format: Literal["rootseal/fsck-report/1"] = Field(
        default="rootseal/fsck-report/1", description="Which shape this is."
    )
    clean: bool = Field(description="True iff nothing is wrong in what was checked.")
    complete: bool = Field(description="True iff everything was checked, the chain too.")
    entries: int = Field(description="Credentials.")
    erased: int = Field(description="Those that were erased.")
    recovered: int = Field(description="Those known by their commitment alone.")
    checkpoints: int = Field(description="Promises.")
    anchors: int = Field(description="Anchors.")
    witness_anchors: int = Field(description="Anchors on other ledgers.")
    acts_since_seal: int = Field(description="Lines of the audit log after the last seal: nothing else proves them.")
    findings: list[FsckFinding] = Field(description="What is wrong.")


class KeyReport(Shape):
    """One of the issuer's keys on the ledger."""

    number: int = Field(description="Its number there.")
    address: str = Field(description="Its address.")
    anchors: bool = Field(description="Whether it may anchor.")
    writes_status: bool = Field(description="Whether it may write status.")
    added_at: int = Field(description="When it was added.")
    retired_at: int | None = Field(description="When it was retired.")
    compromised_since: int | None = Field(description="From when on it is not believed.")
    own: bool = Field(description="Whether it is the one that this node uses.")


class KeyList(Shape):
    """Every key that the issuer ever had on the ledger."""

    format: Literal["rootseal/keys/1"] = Field(default="rootseal/keys/1", description="Which shape this is.")
    items: list[KeyReport] = Field(description="By number; a ledger holds few.")
