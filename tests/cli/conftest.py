"""`nasctl` in the process of the tests. A process of its own takes half a second, and two seconds with JAX."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from nasctl.cli import main

Command = Callable[..., "CompletedProcess[str]"]


@pytest.fixture
def restored_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`main.run` does not configure JAX, and what it changes for the rest of its process is restored after the test."""
    monkeypatch.setattr(main, "allow_configuration", lambda: None)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    actions = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, action in actions.items():  # a command ends with all of them ignored
        signal.signal(number, action)


@pytest.fixture
def in_process(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
    restored_process: None,
) -> Iterator[Command]:
    """Runs a command in the folder of the test, with all that its process does except for the configuration of JAX."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> CompletedProcess[str]:
        words = ["nasctl", *map(os.fspath, arguments)]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as exited:
            main.run()
        out, err = (text.decode() for text in capfdbinary.readouterr())
        return CompletedProcess(words, int(exited.value.code or 0), out, err)

    before = set(sys.modules)
    yield run
    for name in set(sys.modules) - before:  # the evaluators of the test
        if str(getattr(sys.modules[name], "__file__", "") or "").startswith(str(tmp_path)):
            del sys.modules[name]
