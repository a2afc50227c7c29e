"""An officer at the console, without a browser: forms are sent with the token that their page carries."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from html import unescape
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from node.access import Role
from node.config import read_config, write_config
from node.services import Services
from tests.unit.node.conftest import Node
from tests.unit.node.nodes import roster

__all__ = ["ALL", "HOSTILE", "MESSY", "PAGES", "Officer", "anchored", "first", "two_people", "words"]

ALL = tuple(Role)
PAGES = (
    "",
    "/lists",
    "/approvals",
    "/credentials",
    "/changes",
    "/batches",
    "/deliveries",
    "/webhooks",
    "/tokens",
    "/audit-log",
)
HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(2)>"><svg/onload=alert(3)>'
MESSY = roster(3) + b"9,Eve,,e@example.edu,ledgers,2026-10-01,,\n8,Bor,Kos,b@example.edu,nothing,2026-10-01,,\n"

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def words(answer: TestResponse) -> str:
    """What stands on the page, without its mark-up."""
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", answer.text).split()))


class Officer:
    """A browser of one person; `token` signs in."""

    def __init__(self, app: Flask, token: str | None = None) -> None:
        self.client: FlaskClient = app.test_client()
        if token is not None:
            assert self.sign_in(token).headers["Location"] == "/console"

    def sign_in(self, token: str) -> TestResponse:
        return self.send("/console/sign-in", on="/console/sign-in", token=token)

    def get(self, path: str = "", status: int = 200) -> TestResponse:
        """A page below /console."""
        answer = self.client.get(f"/console{path}")
        assert answer.status_code == status, words(answer)
        return answer

    def send(self, path: str, on: str, **fields: Any) -> TestResponse:
        """A form that stands on the page `on`."""
        token = _TOKEN.search(self.client.get(on).text)
        assert token is not None, on
        values = {"csrf_token": token[1], **fields}
        if not any(isinstance(value, FileStorage) for value in fields.values()):
            return self.client.post(path, data=values)
        # Encoded here: the test client would put a large file into a temporary one, and leave that open.
        boundary, body = encode_multipart(values)
        return self.client.post(path, data=body, content_type=f"multipart/form-data; boundary={boundary}")

    def act(self, path: str, on: str | None = None, **fields: Any) -> TestResponse:
        """The same below /console, and the page that it leads to."""
        answer = self.send(f"/console{path}", f"/console{on or path}", **fields)
        return self.client.get(answer.headers["Location"]) if answer.status_code == 303 else answer

    def upload(self, data: bytes, name: str = "list.csv", **fields: str) -> TestResponse:
        """The page of the check, or the form with what is wrong."""
        return self.act("/lists", list=FileStorage(io.BytesIO(data), name), **fields)

    def issue(self, checked: TestResponse) -> TestResponse:
        """Press the button of a checked list."""
        path = self.issue_path(checked)
        digest = re.search(r'name="digest" value="([0-9a-f]{64})"', checked.text)
        assert digest is not None
        return self.act(path, on=path.removesuffix("/issue"), digest=digest[1])

    @staticmethod
    def issue_path(checked: TestResponse) -> str:
        """Where that button leads, below /console."""
        found = re.search(r'action="/console(/lists/[0-9a-f]{32}/issue)"', checked.text)
        assert found is not None, words(checked)
        return found[1]


def two_people(node: Node) -> Services:
    """Reopened with a second approver."""
    write_config(node.directory, replace(read_config(node.directory), second_approver=True))
    return node.reopened()


def anchored(node: Node) -> str:
    """The UUID of a credential under a final anchor."""
    node.services.issue(roster(3), "r.csv")
    node.services.seal()
    node.services.anchor()
    return node.services.store.entries.sealed(0, 1)[0].uuid


def first(node: Node) -> str:
    """The UUID of the credential that was accepted first."""
    return node.services.store.entries.numbered(0, 1)[0].uuid
