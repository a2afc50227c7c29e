#!/bin/sh
# Make the virtual environment, or say plainly what is missing.  Usage: make_venv.sh PYTHON DIR
set -eu
python=$1 dir=$2

if ! command -v "$python" >/dev/null; then
  echo "Rootseal needs Python 3.11 or later, and there is no '$python'." >&2
  echo "Name another one:  make PYTHON=/path/to/python3.12 demo" >&2
  exit 2
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "Rootseal needs Python 3.11 or later, and '$python' is $("$python" --version 2>&1)." >&2
  echo "Name a newer one:  make PYTHON=/path/to/python3.12 demo" >&2
  exit 2
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  echo "'$python' cannot make virtual environments: its ensurepip module is missing." >&2
  echo "On Debian and Ubuntu:  sudo apt install python$version-venv    then run make again." >&2
  exit 2
fi
echo "Making a virtual environment in $dir and installing what is needed: about two minutes, this once." >&2
exec "$python" -m venv "$dir"
