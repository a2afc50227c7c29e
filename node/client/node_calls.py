"""The calls about the node: its work, what it awards, who may do what, and whether all is well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from node.client.calling import Calling, flag, given
from node.client.check_models import DoctorReport, ForecastReport, FsckReport, KeyList
from node.client.node_models import (
    AnchorReport,
    AuditAct,
    AuditActPage,
    DepartmentReport,
    MicroCredentialList,
    MicroCredentialReport,
    NodeReport,
    SealReport,
    SubmissionList,
    SubmissionReport,
    SubmissionRow,
    SubmissionRowPage,
    TokenList,
    TokenReport,
)

__all__ = ["NodeCalls"]


class NodeCalls(Calling):
    """Part of `NodeClient`."""

    # Work

    def seal(self) -> SealReport:
        """Seal what waits, now."""
        return self._ask("POST", "/seal", SealReport)

    def anchor(self) -> AnchorReport:
        """Anchor the newest promise at the node's next round."""
        return self._ask("POST", "/anchor", AnchorReport)

    def status(self) -> NodeReport:
        """How the node is doing."""
        return self._ask("GET", "/node", NodeReport)

    # Micro-credentials

    def templates(self) -> MicroCredentialList:
        """The micro-credentials, all pages in one."""
        pages = self._pages("/templates", MicroCredentialList)
        return MicroCredentialList(items=[item for page in pages for item in page.items], next=None)

    def template(self, key: str) -> MicroCredentialReport:
        """One micro-credential."""
        return self._ask("GET", f"/templates/{key}", MicroCredentialReport)

    def put_template(self, key: str, template: Mapping[str, Any]) -> MicroCredentialReport:
        """Store a micro-credential; a changed one becomes a new version."""
        return self._ask("PUT", f"/templates/{key}", MicroCredentialReport, json=dict(template))

    def put_department(self, key: str, department: str | None) -> DepartmentReport:
        """Say whose micro-credential it is; None: nobody's in particular."""
        return self._ask("PUT", f"/templates/{key}/department", DepartmentReport, json={"department": department})

    def sample_list(self, key: str, kind: Literal["csv", "xlsx"] = "csv") -> bytes:
        """An empty list to fill in."""
        return self._send("GET", f"/templates/{key}/sample", params={"kind": kind}).content

    # People

    def submissions(self) -> SubmissionList:
        """Lists that wait for approval, all pages in one."""
        pages = self._pages("/submissions", SubmissionList)
        return SubmissionList(items=[item for page in pages for item in page.items], next=None)

    def submission(self, number: int) -> SubmissionReport:
        """One list that was handed in."""
        return self._ask("GET", f"/submissions/{number}", SubmissionReport)

    def submission_rows(self, number: int) -> Iterator[SubmissionRow]:
        """What of it is not sealed yet, row by row."""
        for found in self._pages(f"/submissions/{number}/rows", SubmissionRowPage):
            yield from found.items

    def approve(self, number: int) -> SubmissionReport:
        """Let it be sealed."""
        return self._post(f"/submissions/{number}/approve", SubmissionReport, b"")

    def reject(self, number: int, reason: str) -> SubmissionReport:
        """Withdraw what is still accepted of it."""
        return self._ask("POST", f"/submissions/{number}/reject", SubmissionReport, json={"reason": reason})

    def tokens(self) -> TokenList:
        """Every token, without its secret, all pages in one."""
        pages = self._pages("/tokens", TokenList)
        return TokenList(items=[item for page in pages for item in page.items], next=None)

    def revoke_token(self, token_id: str) -> TokenReport:
        """Revoke a token."""
        return self._ask("DELETE", f"/tokens/{token_id}", TokenReport)

    def acts(self, page: int = 200) -> Iterator[AuditAct]:
        """The audit log, oldest line first."""
        for found in self._pages("/acts", AuditActPage, {"limit": page}):
            yield from found.items

    # Is all well

    def doctor(self) -> DoctorReport:
        """Examine the node."""
        return self._ask("GET", "/doctor", DoctorReport)

    def fsck(self, *, offline: bool = False) -> FsckReport:
        """Prove the store against itself and the chain; it may take minutes (see `timeout`)."""
        return self._ask("GET", "/fsck", FsckReport, params=given(offline=flag(offline)))

    def diagnosis(self, file: bytes) -> dict[str, Any]:
        """What is wrong with one file, `rootseal/diagnosis/1`: it quotes nothing of the file."""
        headers = {"Content-Type": "application/octet-stream"}
        found: dict[str, Any] = self._send("POST", "/diagnoses", content=file, headers=headers).json()
        return found

    def keys(self) -> KeyList:
        """The issuer's keys on the ledger."""
        return self._ask("GET", "/keys", KeyList)

    def forecast(
        self,
        *,
        per_year: int,
        batches: int,
        copies: int = 1,
        revocations: int = 0,
        gas_price: str | None = None,
        coin_price: str | None = None,
    ) -> ForecastReport:
        """What a year costs; prices as decimal text: gwei a gas (None: the chain's now), money a coin."""
        params = given(
            per_year=per_year,
            batches=batches,
            copies=copies,
            revocations=revocations,
            gas_price=gas_price,
            coin_price=coin_price,
        )
        return self._ask("GET", "/forecast", ForecastReport, params=params)
