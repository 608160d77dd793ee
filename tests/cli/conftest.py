"""`nasctl` in the process of the tests. A process of its own takes half a second, and two seconds with JAX."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from nasctl.cli import main

Command = Callable[..., "CompletedProcess[str]"]


@pytest.fixture
def in_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Iterator[Command]:
    """Runs a command in the folder of the test, with all that its process does except for the configuration of JAX."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(main, "allow_configuration", lambda: None)

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
