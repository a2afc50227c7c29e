"""Encryption and login: nothing is said to a mail server elsewhere that cannot be trusted."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from node.delivery.posting import MailServerDown, session
from node.delivery.settings import SmtpServer
from tests.support.mail_server import MailServer, mail_server


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's context for 127.0.0.1, and the certificate that makes it trusted."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    return context, pem


def far(port: int, **more: object) -> SmtpServer:
    """As for a server elsewhere: not plain."""
    base = SmtpServer("127.0.0.1", port, False, False, None, None, "uni.example")
    return replace(base, **more)  # type: ignore[arg-type]


def test_without_starttls_nothing_is_said_to_a_server_elsewhere(server: MailServer, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("pass\n")
    wanted = far(server.port, user="node", password_file=tmp_path / "secret")
    with pytest.raises(MailServerDown, match="no STARTTLS"), session(wanted):
        pass
    assert server.logins == []


def test_starttls_and_login_against_a_trusted_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, pem = certificate(tmp_path)
    (tmp_path / "secret").write_text("pass\n")
    with mail_server(tls=context, password="pass") as server:
        wanted = far(server.port, user="node", password_file=tmp_path / "secret")
        with pytest.raises(MailServerDown, match="its certificate is not valid"), session(wanted):
            pass
        assert server.logins == []
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        with session(wanted):
            assert server.logins == ["node"]
        (tmp_path / "secret").write_text("wrong\n")
        with pytest.raises(MailServerDown, match="535"), session(wanted):
            pass
