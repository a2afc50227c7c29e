"""Failures of files and connections are told in words, never as "[Errno 111]"."""

from __future__ import annotations

import errno
import http.client
import json
import os
import smtplib
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from anchor.chain import ChainUnavailable
from anchor.failing import known_why, why
from anchor.web3_chain import open_chain


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
    return port


def failed(act: Callable[[], object]) -> BaseException:
    with pytest.raises(Exception) as caught:
        act()
    return caught.value


def test_a_port_where_nothing_listens_whoever_asks() -> None:
    port = free_port()
    sentence = "nothing listens there (connection refused)"
    assert why(failed(lambda: socket.create_connection(("127.0.0.1", port), 1))) == sentence
    assert why(failed(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=1))) == sentence
    assert why(failed(lambda: smtplib.SMTP("127.0.0.1", port, timeout=1))) == sentence


def test_a_chain_that_is_down_is_told_without_class_names_or_the_address() -> None:
    port = free_port()
    error = failed(lambda: open_chain(f"http://127.0.0.1:{port}/secret-key").chain_id())
    assert isinstance(error, ChainUnavailable)
    assert "nothing listens there" in str(error)
    assert "secret-key" not in str(error)
    assert "ConnectionError" not in str(error)


def test_files(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"\xff")
    assert why(failed((tmp_path / "none").read_text)) == "there is no such file"
    assert why(failed(tmp_path.read_text)) == "it is a folder"
    assert why(failed(lambda: (tmp_path / "latin").read_text("utf-8"))) == "it is not UTF-8"
    assert why(failed(lambda: json.loads("{"))) == "it is not JSON"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (TimeoutError(), "there was no answer in time"),
        (socket.gaierror(-2, "Name or service not known"), "its name is not known"),
        (http.client.RemoteDisconnected("closed"), "the answer broke off, or is none of HTTP"),
        (urllib.error.URLError(OSError(errno.EHOSTUNREACH, "x")), "there is no way to it from here"),
        (urllib.error.URLError("unknown url type: x"), "<urlopen error unknown url type: x>"),
        (
            ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"),
            "no secure connection could be made (TLS)",
        ),
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (OSError(errno.EMFILE, os.strerror(errno.EMFILE)), "too many open files"),
        (ValueError("[Errno 9] odd"), "odd"),
        (ValueError(), "for no reason that was given"),
    ],
)
def test_what_else_there_is(error: Exception, sentence: str) -> None:
    assert why(error) == sentence


def test_no_reason_is_made_up() -> None:
    assert known_why(ValueError("something else")) is None


def test_errors_that_name_each_other_end() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert why(first) == "a"
