"""The calls about copies of a credential."""

from __future__ import annotations

from collections.abc import Sequence

from node.client.calling import Calling
from node.client.copy_models import CopiesRequest, CopyList

__all__ = ["CopyCalls"]


class CopyCalls(Calling):
    """Part of `NodeClient`."""

    def copies(self, credential_id: str) -> CopyList:
        """All copies of a credential; any copy's id will do."""
        return self._ask("GET", f"/credentials/{credential_id}/copies", CopyList)

    def add_copies(
        self, credential_id: str, add: int, holders: Sequence[str] = (), *, key: str | None = None
    ) -> CopyList:
        """Make more copies, one for each of the learner's addresses; none of them for a credential without any."""
        body = CopiesRequest(add=add, holders=list(holders))
        return self._post_body(f"/credentials/{credential_id}/copies", CopyList, body, key=key)

    def take_back_copies(self, credential_id: str) -> CopyList:
        """Take back the copies that wait to be sealed."""
        return self._ask("DELETE", f"/credentials/{credential_id}/copies", CopyList)
