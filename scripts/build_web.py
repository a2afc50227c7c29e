"""Builds the pages of node/pages from web/; `--check` compares them instead, after the types.

Node.js and the tools of package.json are needed. Without them `--check` says what is left out: the pages are
committed, so that nobody who only runs a node needs either.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from scripts.install_node_tools import npm_command

ROOT = Path(__file__).resolve().parent.parent


def node_command() -> str | None:
    """The program node, or None where it or esbuild is missing."""
    npm = npm_command()
    if npm is None or not (ROOT / "node_modules" / "esbuild").is_dir():
        return None
    return shutil.which("node") if len(npm) == 1 else npm[0]


def main() -> int:
    """0 built, or fresh; 1 stale or wrong types; 2 cannot be built here."""
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.stderr.write("usage: build_web.py [--check]\n")
        return 2
    node = node_command()
    if node is None:
        sys.stderr.write("The pages were not built or compared: Node.js 20 or esbuild is missing (make .make/node).\n")
        return 0 if check else 2
    types = [node, "node_modules/typescript/bin/tsc", "-p", "web/tsconfig.json"]
    build = [node, "web/build.mjs", *(["--check"] if check else [])]
    return max(subprocess.run(command, cwd=ROOT, check=False).returncode != 0 for command in (types, build))


if __name__ == "__main__":
    sys.exit(main())
