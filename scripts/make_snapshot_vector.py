"""Writes tests/vectors/snapshot.json from a development chain. By hand, and only where the ledger contract changes.

Block times are the machine's, so that two runs differ; the committed file must verify as long as the contract stays.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from rootseal.policy import format_policy
from tests.integration.test_snapshot import built, codes, judged
from tests.support.devchain import running_chain

TARGET = Path(__file__).parent.parent / "tests" / "vectors" / "snapshot.json"
NAMES = ("neither revoked nor suspended", "in the first anchor", "revoked", "suspended")


def main() -> int:
    """Exit code 0."""
    folder = Path(tempfile.mkdtemp())
    os.environ["XDG_CONFIG_HOME"] = str(folder)
    with running_chain("embedded", folder, state=False) as chain:
        world = built(chain.url, folder)
    policy = replace(world.policy, ledgers=(replace(world.policy.ledgers[0], rpcs=()),))
    now = world.institution.anchors[-1].block.timestamp + 60
    cases = []
    for index, name in enumerate(NAMES):
        file = world.institution.file(index)
        verdict = judged(world, file, world.snapshot, policy=policy, now=now)
        answer = {"overall": verdict.overall, "codes": codes(verdict)}
        cases.append({"name": name, "file": file.to_bytes().decode(), **answer})
    content = {
        "snapshot": world.snapshot.decode(), "blockHash": world.named, "policy": format_policy(policy), "now": now,
        "cases": cases,
    }  # fmt: skip
    TARGET.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
