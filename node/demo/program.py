"""Runs `rootseal …` as its users do: in processes of its own, which are ended when the demo ends."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

__all__ = ["Failed", "Program"]

_STEP_SECONDS = 120.0
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0


class Failed(Exception):  # noqa: N818 - what happened
    """A command did not do what it should; carries all that it printed."""

    def __init__(self, words: Sequence[str], why: str, out: str = "", err: str = "") -> None:
        self.words = words
        self.why = why
        self.out = out
        self.err = err
        super().__init__(why)

    def report(self) -> str:
        """For the person who runs the demo."""
        return "\n".join(
            [
                f"\nThe demo stops here: rootseal {' '.join(self.words)}",
                f"  {self.why}",
                "It printed:",
                self.out,
                self.err,
            ]
        )


class Program:
    """`rootseal` in `folder`. Leaving the context ends the processes that were started in it, and no other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[tuple[Sequence[str], subprocess.Popen[str], _Output]] = []
        # A step answers in UTF-8 whatever the terminal of this machine speaks.
        self._environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for _, process, output in reversed(self._started):
            _end(process)
            output.close()

    def run(self, *words: str, code: int = 0) -> str:
        """Run to the end and return stdout. Raises `Failed` unless it leaves with `code`."""
        try:
            done = subprocess.run(
                [sys.executable, "-m", "rootseal", *words],
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                env=self._environment,
                stdin=subprocess.DEVNULL,
                timeout=_STEP_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise Failed(words, f"it took longer than {_STEP_SECONDS:g} seconds") from error
        if done.returncode != code:
            raise Failed(words, f"it left with code {done.returncode} and not {code}", done.stdout, done.stderr)
        return done.stdout

    def ask(self, *words: str, code: int = 0) -> Any:
        """The JSON that the command prints with `--json`: one object, or the first of several lines."""
        out = self.run(*words, "--json", code=code)
        try:
            return json.JSONDecoder().raw_decode(out)[0]
        except ValueError as error:
            raise Failed(words, "it did not print JSON", out) from error

    def start(self, *words: str) -> str:
        """Start it in the background, and return the first line that it prints."""
        log = self._folder / f"{words[0]}.log"
        with log.open("a", encoding="utf-8") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "rootseal", *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                encoding="utf-8",
                env=self._environment,
            )
        output = _Output(process)
        self._started.append((words, process, output))
        line = output.first_line()
        if not line:
            raise Failed(words, "it did not start", "", log.read_text(encoding="utf-8"))
        return line.strip()

    def wait(self) -> None:
        """Until a started process ends by itself, or Ctrl-C. Raises `Failed` for the first one that does."""
        while True:
            for words, process, _ in self._started:
                try:
                    process.wait(0.5)
                except subprocess.TimeoutExpired:
                    continue
                raise Failed(words, f"it ended with code {process.returncode}")


class _Output:
    """Reads what a process prints, in a thread: it may neither print nor end, and a full pipe would stop it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._stream = process.stdout
        self._first: queue.Queue[str] = queue.Queue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def first_line(self) -> str:
        """The first line; empty where the process ended without one, or took too long."""
        try:
            return self._first.get(timeout=_START_SECONDS)
        except queue.Empty:
            return ""

    def close(self) -> None:
        """After the process has ended."""
        self._thread.join(_STOP_SECONDS)
        if self._stream is not None:
            self._stream.close()

    def _read(self) -> None:
        if self._stream is not None:
            self._first.put(self._stream.readline())
            for _ in self._stream:
                pass


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
