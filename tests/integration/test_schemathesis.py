"""Schemathesis against a live node: what the OpenAPI document says is what every route does, whatever it is sent.

All checks, a fixed seed, a bounded number of cases.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.live_node import live_node

# A well-formed award of a micro-credential that there is not, or a file that is no list, is 422 and documented so;
# 413 and 415 are for bodies that the document cannot bound.
CONFIG = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 409, 410, 413, 415, 422]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 409, 410, 411, 413, 415, 422]
missing_required_header.expected-statuses = [400]
"""


# Apart from the others: it finds its own token in the list of tokens, and revokes it.
REVOKING = "/v1/tokens/{id}"


@pytest.mark.parametrize("which", ["exclude", "include"])
def test_every_route_does_what_the_document_says(tmp_path: Path, which: str) -> None:
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    with live_node(tmp_path / "node") as node:
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"]
        command += [f"{node.url}/openapi.json", "--header", f"Authorization: Bearer {node.token}"]
        command += ["--checks", "all", "--max-examples", "6", "--seed", "20", "--phases", "examples,coverage,fuzzing"]
        command += ["--no-color", "--generation-database", "none", "--continue-on-failure", "--request-timeout", "20"]
        command += [f"--{which}-path", REVOKING]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-2000:]
    assert re.search(r"Operations: +[1-9]\d* selected", run.stdout), run.stdout
