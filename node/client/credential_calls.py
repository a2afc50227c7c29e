"""The calls about credentials: issue, follow, change their status, and what learners come to the office for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from node.client.calling import Calling, flag, given
from node.client.models import (
    AcceptedCredential,
    AwardRow,
    Credential,
    CredentialDocument,
    CredentialPage,
    CredentialSummary,
    IssueReport,
    StatusChange,
    StatusListReport,
    StatusRequest,
)
from node.client.office_models import ErasureReport, ErasureRequest, ReissueReport, ReissueRequest

__all__ = ["CredentialCalls"]

Act = Literal["revoke", "suspend", "reinstate"]

_TYPES: Final = {
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".jsonl": "application/jsonl",
}


class CredentialCalls(Calling):
    """Part of `NodeClient`."""

    # Issuing

    def issue(
        self, award: AwardRow, *, supersedes: str | None = None, copies: int = 1, key: str | None = None
    ) -> AcceptedCredential:
        """Issue one award; returns once it is on disk. `key` is the Idempotency-Key, drawn where it is None.

        With several `copies` the award's `holder` names as many addresses, or none.
        """
        content = award.model_dump_json(exclude_none=True).encode()
        params = given(supersedes=supersedes, copies=None if copies == 1 else copies)
        return self._post("/credentials", AcceptedCredential, content, params=params, key=key)

    def issue_list(
        self,
        data: bytes,
        kind: Literal[".csv", ".xlsx", ".jsonl"] = ".csv",
        *,
        dry_run: bool = False,
        supersedes: str | None = None,
        copies: int = 1,
        key: str | None = None,
    ) -> IssueReport:
        """Issue a list; every row is accounted for in the report. `copies` of each award, at most 16."""
        params = given(dry_run=flag(dry_run), supersedes=supersedes, copies=None if copies == 1 else copies)
        return self._post("/credentials", IssueReport, data, _TYPES[kind], params=params, key=key)

    def withdraw(self, credential_id: str) -> CredentialSummary:
        """Take back one that is not sealed yet."""
        return self._ask("DELETE", f"/credentials/{credential_id}", CredentialSummary)

    # Following

    def credential(self, credential_id: str) -> Credential:
        """One credential with its history."""
        return self._ask("GET", f"/credentials/{credential_id}", Credential)

    def document(self, credential_id: str) -> CredentialDocument:
        """Its document and where it came from, also before it is sealed."""
        return self._ask("GET", f"/credentials/{credential_id}/document", CredentialDocument)

    def credential_file(self, credential_id: str) -> bytes:
        """The credential file's bytes, for its learner only."""
        return self._send("GET", f"/credentials/{credential_id}/file").content

    def credentials(
        self,
        *,
        state: Literal["accepted", "sealed", "anchored", "withdrawn"] | None = None,
        micro_credential: str | None = None,
        since: int | None = None,
        page: int = 200,
    ) -> Iterator[CredentialSummary]:
        """All that fit, in order of acceptance; pages are fetched as they are needed."""
        params = given(state=state, micro_credential=micro_credential, since=since, limit=page)
        for found in self._pages("/credentials", CredentialPage, params):
            yield from found.items

    def credentials_of(self, learner_id: str) -> list[CredentialSummary]:
        """The credentials of one learner, at most 200. The number travels in the body and stands in no address."""
        return self._ask("POST", "/credential-searches", CredentialPage, json={"learner_id": learner_id}).items

    # Status

    def change_status(
        self,
        act: Act,
        ids: Sequence[str],
        *,
        superseded: bool = False,
        note: str | None = None,
        key: str | None = None,
    ) -> StatusChange:
        """Revoke, suspend or reinstate several, all or none. `note` says why, for the holder alone."""
        asked = StatusRequest(act=act, ids=list(ids), reason="superseded" if superseded else "none", note=note)
        return self._post("/status-changes", StatusChange, asked.model_dump_json(exclude_none=True).encode(), key=key)

    def change_status_by_list(
        self, act: Act, data: bytes, *, dry_run: bool = False, key: str | None = None
    ) -> StatusListReport:
        """The same for a CSV list, row by row."""
        params = given(act=act, dry_run=flag(dry_run))
        return self._post("/status-changes", StatusListReport, data, "text/csv", params=params, key=key)

    # At the desk

    def reissue(
        self,
        credential_id: str,
        holder: str,
        *,
        checked_by: str,
        how: str,
        dry_run: bool = False,
        key: str | None = None,
    ) -> ReissueReport:
        """Issue it anew to another address of its learner; several, with spaces between: a copy for each.

        `checked_by` made sure that it is the learner, `how` says in which way.
        """
        body = ReissueRequest(holder=holder, checked_by=checked_by, how=how)
        path, params = f"/credentials/{credential_id}/reissues", given(dry_run=flag(dry_run))
        return self._post_body(path, ReissueReport, body, params=params, key=key)

    def reason(self, credential_id: str) -> bytes:
        """A signed statement for the holder, why it was revoked or suspended: the file's bytes."""
        return self._send("POST", f"/credentials/{credential_id}/reasons").content

    def erase(self, credential_id: str, *, confirm: str, dry_run: bool = False) -> ErasureReport:
        """Destroy for ever what the node knows about its learner; `confirm` is the whole id once more."""
        body, params = ErasureRequest(confirm=confirm), given(dry_run=flag(dry_run))
        return self._post_body(f"/credentials/{credential_id}/erasure", ErasureReport, body, params=params)
