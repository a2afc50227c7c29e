"""One address cannot fill what a node keeps for everybody's links, and counting it needs no memory without end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from node.app import create_app
from node.config import read_config, write_config
from node.sharing import keeping, quota
from node.sharing.keeping import MAX_ONE, Full, SharedFiles
from node.sharing.quota import MAX_OF_ONE, Quota
from tests.unit.node.conftest import Node

DAY = 86_400
START = 1_791_000_000


def filled(counted: Quota, address: str, now: int = START) -> int:
    """How many of the largest files it may leave."""
    number = 0
    while counted.take(address, MAX_ONE, now):
        number += 1
    return number


def test_one_address_has_its_share_of_a_day_and_no_more() -> None:
    counted = Quota()
    assert filled(counted, "192.0.2.7") == MAX_OF_ONE // MAX_ONE
    assert filled(counted, "192.0.2.8") == MAX_OF_ONE // MAX_ONE, "another has its own"
    assert not counted.take("192.0.2.7", 30, START + DAY - 1)
    assert counted.take("192.0.2.7", MAX_ONE, START + DAY)


def test_an_ipv6_network_is_one_and_a_mapped_address_is_the_ipv4_one() -> None:
    counted = Quota()
    filled(counted, "2001:db8:1:2::1")
    assert not counted.take("2001:db8:1:2:ffff::9", 30, START)
    assert counted.take("2001:db8:1:3::1", 30, START)
    filled(counted, "192.0.2.7")
    assert not counted.take("::ffff:192.0.2.7", 30, START)


@pytest.mark.parametrize("address", [None, "", "nonsense", "127.0.0.1", "::1"])
def test_what_is_no_visitors_address_is_not_counted(address: str | None) -> None:
    counted = Quota()
    assert all(counted.take(address, MAX_ONE, START) for _ in range(2 * MAX_OF_ONE // MAX_ONE))


def test_many_small_files_count_as_what_a_disk_gives_them() -> None:
    counted = Quota()
    assert sum(counted.take("192.0.2.7", 28, START) for _ in range(9_000)) == MAX_OF_ONE // 4096


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_ADDRESSES", 100)
    counted = Quota()
    for number in range(1000):
        assert counted.take(f"192.0.{number // 250}.{number % 250}", 28, START + number)
    assert len(counted._spent) == 100
    assert counted.take("198.51.100.1", 28, START + 2 * DAY)
    assert len(counted._spent) == 1, "days that are over are forgotten"


def test_the_total_counts_small_files_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MAX_ALL", 10 * 4096)
    kept = SharedFiles(tmp_path / "links")
    for _ in range(10):
        kept.keep(b"x" * 28, 1, START)
    with pytest.raises(Full):
        kept.keep(b"x" * 28, 1, START)
    kept.keep(b"x" * 28, 1, START + DAY)


def test_over_http_the_address_of_the_visitor_counts(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_OF_ONE", 2 * 4096)
    write_config(node.directory, replace(read_config(node.directory), share_links=True))
    client = create_app(node.reopened()).test_client()

    def left(address: str) -> int:
        answer = client.post(
            "/v1/links?days=1", data=b"x" * 28, content_type="application/octet-stream",
            environ_base={"REMOTE_ADDR": address},
        )  # fmt: skip
        if answer.status_code == 429:
            assert answer.json is not None
            assert answer.json["code"] == "links.enough"
            assert answer.headers["Retry-After"] == "3600"
        return answer.status_code

    assert [left("192.0.2.7") for _ in range(3)] == [201, 201, 429]
    assert left("192.0.2.8") == 201
