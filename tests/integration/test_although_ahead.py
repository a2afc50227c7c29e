"""A thief anchored over the log: the node seals no more, and still revokes what it awarded itself."""

from __future__ import annotations

import json

from node.services import Services
from rootseal.instants import format_instant
from tests.integration.test_drills import School, dev_chain, school  # noqa: F401 - fixtures
from tests.support.thief import Thief
from tests.unit.node.nodes import PASSPHRASE


def test_what_lies_below_the_last_own_anchor_can_still_be_revoked(school: School) -> None:  # noqa: F811
    ids = school.issue(3)
    school.ok("node", "anchor", "college")
    file, other = school.export(ids[0]), school.export(ids[1])
    refused = school.program("node", "revoke", "college", ids[0], "--although-ahead")
    assert (refused.code, "the chain is not ahead" in refused.err) == (3, True)
    thief = Thief.of(school.folder / "college", PASSPHRASE)
    since = format_instant(thief.anchor_false())
    thief.revoke(json.loads(other.read_bytes())["index"])
    school.ok("node", "keys", "rotate", "college", "--compromised-since", since, "--yes")
    # The ordinary way queues the act and cannot send it: the chain is ahead.
    school.ok("node", "suspend", "college", ids[2])
    assert school.program("node", "anchor", "college").code == 2
    done = school.ok("node", "revoke", "college", ids[0], ids[1], "--although-ahead", "--json")
    value = done.objects[0]
    assert (value["requested"], value["already"]) == ([ids[0]], [ids[1]]), "the thief's revocation is not repeated"
    assert school.verdict(file)[0] == "rejected"
    assert "status.revoked" in school.verdict(file)[1]
    school.ok("node", "annul", "college", ids[1], "--yes")
    assert school.verdict(other)[0] == "verified"
    again = school.ok("node", "revoke", "college", ids[0], "--although-ahead", "--json")
    assert (again.objects[0]["requested"], again.objects[0]["already"]) == ([], [ids[0]])
    with Services.open(school.folder / "college") as services:
        assert services.connection.ledger.head(services.home.issuer).sequence == 2, "nothing was anchored"
        assert services.status_map().suspended[0] != 0, "what was queued before went with it"


def test_what_is_not_below_an_own_anchor_is_refused(school: School) -> None:  # noqa: F811
    school.issue(1)
    school.ok("node", "anchor", "college")
    later = school.issue(1, first=5)
    thief = Thief.of(school.folder / "college", PASSPHRASE)
    thief.commitments = thief.commitments[:1]
    thief.anchor_false()
    refused = school.program("node", "revoke", "college", later[0], "--although-ahead")
    assert (refused.code, "not below this node's last own anchor" in refused.err) == (3, True)
