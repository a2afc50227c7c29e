"""A node's HTTP interface as typed calls. Each call is repeated until it is answered, with one Idempotency-Key."""

from __future__ import annotations

import base64
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from types import TracebackType
from typing import Any, Final, Literal, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from node.client.errors import NodeRefused, NodeUnreachable
from node.client.models import (
    AcceptedCredential,
    AwardRow,
    Credential,
    CredentialPage,
    CredentialSummary,
    IssueReport,
    ProblemDetails,
    StatusChange,
    StatusListReport,
    StatusRequest,
)
from node.client.node_models import (
    AnchorReport,
    AuditAct,
    AuditActPage,
    MicroCredentialList,
    MicroCredentialReport,
    NodeReport,
    SealReport,
    SubmissionList,
    SubmissionReport,
    TokenList,
    TokenReport,
)

__all__ = ["NodeClient"]

Act = Literal["revoke", "suspend", "reinstate"]

_TYPES: Final = {
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".jsonl": "application/jsonl",
}
_AGAIN: Final = frozenset((409, 429, 500, 502, 503, 504))
_LONGEST_PAUSE: Final = 30.0

_Shape = TypeVar("_Shape", bound=BaseModel)


class NodeClient:
    """`with NodeClient("https://registrar.example", "rst_…") as node: …`

    `attempts` bounds how often a call is sent; between two it waits as the node says (Retry-After), else longer
    each time. Calls raise `NodeRefused` where the node says no, `NodeUnreachable` where it says nothing.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        attempts: int = 5,
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._attempts = attempts
        self._sleep = sleep
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._http = httpx.Client(
            base_url=base_url.rstrip("/") + "/v1", headers=headers, timeout=timeout, transport=transport
        )

    def __enter__(self) -> NodeClient:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # Issuing

    def issue(self, award: AwardRow, *, supersedes: str | None = None, key: str | None = None) -> AcceptedCredential:
        """Issue one award; returns once it is on disk. `key` is the Idempotency-Key, drawn where it is None."""
        content = award.model_dump_json(exclude_none=True).encode()
        return self._post("/credentials", AcceptedCredential, content, params=_given(supersedes=supersedes), key=key)

    def issue_list(
        self,
        data: bytes,
        kind: Literal[".csv", ".xlsx", ".jsonl"] = ".csv",
        *,
        dry_run: bool = False,
        supersedes: str | None = None,
        key: str | None = None,
    ) -> IssueReport:
        """Issue a list; every row is accounted for in the report."""
        params = _given(dry_run="true" if dry_run else None, supersedes=supersedes)
        return self._post("/credentials", IssueReport, data, _TYPES[kind], params=params, key=key)

    def withdraw(self, credential_id: str) -> CredentialSummary:
        """Take back one that is not sealed yet."""
        return self._ask("DELETE", f"/credentials/{credential_id}", CredentialSummary)

    # Following

    def credential(self, credential_id: str) -> Credential:
        """One credential with its history."""
        return self._ask("GET", f"/credentials/{credential_id}", Credential)

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
        params = _given(state=state, micro_credential=micro_credential, since=since, limit=page)
        while True:
            found = self._ask("GET", "/credentials", CredentialPage, params=params)
            yield from found.items
            if found.next is None:
                return
            params = {**params, "cursor": found.next}

    def credentials_of(self, learner_id: str) -> list[CredentialSummary]:
        """The credentials of one learner, at most 200. The number travels in the body and stands in no address."""
        return self._ask("POST", "/credential-searches", CredentialPage, json={"learner_id": learner_id}).items

    # Status

    def change_status(
        self, act: Act, ids: Sequence[str], *, superseded: bool = False, key: str | None = None
    ) -> StatusChange:
        """Revoke, suspend or reinstate several, all or none."""
        asked = StatusRequest(act=act, ids=list(ids), reason="superseded" if superseded else "none")
        return self._post("/status-changes", StatusChange, asked.model_dump_json().encode(), key=key)

    def change_status_by_list(
        self, act: Act, data: bytes, *, dry_run: bool = False, key: str | None = None
    ) -> StatusListReport:
        """The same for a CSV list, row by row."""
        params = _given(act=act, dry_run="true" if dry_run else None)
        return self._post("/status-changes", StatusListReport, data, "text/csv", params=params, key=key)

    # The node's work

    def seal(self) -> SealReport:
        """Seal what waits, now."""
        return self._ask("POST", "/seal", SealReport)

    def anchor(self) -> AnchorReport:
        """Anchor the newest promise at the node's next round."""
        return self._ask("POST", "/anchor", AnchorReport)

    def status(self) -> NodeReport:
        """How the node is doing."""
        return self._ask("GET", "/node", NodeReport)

    def templates(self) -> MicroCredentialList:
        """The micro-credentials."""
        return self._ask("GET", "/templates", MicroCredentialList)

    def template(self, key: str) -> MicroCredentialReport:
        """One micro-credential."""
        return self._ask("GET", f"/templates/{key}", MicroCredentialReport)

    def put_template(self, key: str, template: Mapping[str, Any]) -> MicroCredentialReport:
        """Store a micro-credential; a changed one becomes a new version."""
        return self._ask("PUT", f"/templates/{key}", MicroCredentialReport, json=dict(template))

    # People

    def submissions(self) -> SubmissionList:
        """Lists that wait for approval."""
        return self._ask("GET", "/submissions", SubmissionList)

    def submission(self, number: int) -> SubmissionReport:
        """One list that was handed in."""
        return self._ask("GET", f"/submissions/{number}", SubmissionReport)

    def approve(self, number: int) -> SubmissionReport:
        """Let it be sealed."""
        return self._post(f"/submissions/{number}/approve", SubmissionReport, b"")

    def reject(self, number: int, reason: str) -> SubmissionReport:
        """Withdraw what is still accepted of it."""
        return self._ask("POST", f"/submissions/{number}/reject", SubmissionReport, json={"reason": reason})

    def tokens(self) -> TokenList:
        """Every token, without its secret."""
        return self._ask("GET", "/tokens", TokenList)

    def revoke_token(self, token_id: str) -> TokenReport:
        """Revoke a token."""
        return self._ask("DELETE", f"/tokens/{token_id}", TokenReport)

    def acts(self, page: int = 200) -> Iterator[AuditAct]:
        """The audit log, oldest line first."""
        params: dict[str, Any] = {"limit": page}
        while True:
            found = self._ask("GET", "/acts", AuditActPage, params=params)
            yield from found.items
            if found.next is None:
                return
            params = {**params, "cursor": found.next}

    # Sending

    def _post(
        self,
        path: str,
        shape: type[_Shape],
        content: bytes,
        media_type: str = "application/json",
        *,
        params: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> _Shape:
        digest = base64.b64encode(sha256(content).digest()).decode()
        headers = {
            "Content-Type": media_type,
            "Content-Digest": f"sha-256=:{digest}:",
            "Idempotency-Key": key or str(uuid.uuid4()),
        }
        return self._ask("POST", path, shape, content=content, headers=headers, params=params)

    def _ask(self, method: str, path: str, shape: type[_Shape], **options: Any) -> _Shape:
        return shape.model_validate_json(self._send(method, path, **options).content)

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer. Repeating is safe: every call is idempotent, by its nature or by its key."""
        key = options.get("headers", {}).get("Idempotency-Key")
        reason = "not sent"
        for attempt in range(self._attempts):
            try:
                response = self._http.request(method, path, **options)
            except httpx.TransportError as error:
                reason, wait = f"{type(error).__name__}: {error}", None
            else:
                if response.is_success:
                    return response
                refusal = _problem(response)
                if not _passes(refusal):
                    raise NodeRefused(refusal)
                reason, wait = str(NodeRefused(refusal)), response.headers.get("Retry-After")
            if attempt + 1 < self._attempts:
                self._sleep(_pause(attempt, wait))
        raise NodeUnreachable(f"no answer after {self._attempts} attempts; the last was {reason}", key)


def _passes(refusal: ProblemDetails) -> bool:
    """Whether the next attempt may be answered otherwise. Of conflicts only the one with ourselves passes."""
    if refusal.status == 409:
        return refusal.code == "request.running"
    return refusal.status in _AGAIN


def _problem(response: httpx.Response) -> ProblemDetails:
    try:
        return ProblemDetails.model_validate_json(response.content)
    except ValidationError:  # something between us and the node
        return ProblemDetails(title=response.reason_phrase, status=response.status_code, detail="no problem details")


def _pause(attempt: int, wait: str | None) -> float:
    if wait is not None and wait.isascii() and wait.isdigit():
        return min(float(wait), _LONGEST_PAUSE)
    return min(float(2**attempt), _LONGEST_PAUSE) * random.uniform(0.2, 0.5)


def _given(**params: Any) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}
