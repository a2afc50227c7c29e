"""Somebody at the wallet's page without a browser: the requests that a browser would make."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from anchor.keys import Signer
from rootseal.files import CredentialFile
from tests.support.issued import Institution
from wallet.box import Box
from wallet.page.app import create_page
from wallet.page.gate import Gate
from wallet.page.site import Site

__all__ = ["SECRET", "Learner", "commitment", "made_file", "page", "upload"]

SECRET = "wallet secret"


@dataclass
class Learner:
    """Somebody at the page of one box."""

    client: FlaskClient
    gate: Gate
    box: Box
    signer: Signer
    institution: Institution

    def get(self, path: str, code: int = 200, **options: object) -> str:
        return self._read(self.client.get(self.gate.prefix + path, **options), code)  # type: ignore[arg-type]

    def post(self, path: str, code: int = 200, **fields: object) -> str:
        """As a browser does it: with the token of the page."""
        data = {"csrf_token": self.token(), **fields}
        answer = self.client.post(self.gate.prefix + path, data=data, follow_redirects=True)
        return self._read(answer, code)

    def upload_large(self, size: int) -> TestResponse:
        """Made by hand, for werkzeug's own maker leaves its temporary file open."""
        parts = f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{self.token()}\r\n'
        parts += '--x\r\nContent-Disposition: form-data; name="files"; filename="a.json"\r\n\r\n'
        body = parts.encode() + b" " * size + b"\r\n--x--\r\n"
        return self.client.post(
            f"{self.gate.prefix}/receive", data=body, content_type="multipart/form-data; boundary=x"
        )

    def token(self) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/add"))
        assert found is not None
        return found[1]

    def enter(self) -> None:
        assert self.client.get(f"{self.gate.prefix}/open/{self.gate.token}").status_code == 303

    def _read(self, answer: TestResponse, code: int) -> str:
        assert answer.status_code == code, (
            answer.status_code,
            re.sub(r"\s+", " ", answer.text.partition("<main")[2])[:600],
        )
        return answer.text


def page(directory: Path) -> tuple[FlaskClient, Gate]:
    gate = Gate()
    client = create_page(Site(directory), gate).test_client()
    return client, gate


def commitment(file: CredentialFile) -> str:
    return file.commitment.hex()


def upload(file: CredentialFile | bytes, name: str = "a.credential.json") -> tuple[io.BytesIO, str]:
    return io.BytesIO(file if isinstance(file, bytes) else file.to_bytes()), name


def made_file(text: str) -> str:
    found = re.search(r'href="/[^/]+(/made/[^/]+/file)"', text)
    assert found is not None
    return found[1]
