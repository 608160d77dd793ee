"""The logs of workers are bounded."""

from __future__ import annotations

from pathlib import Path

import pytest

from nasctl.executors import process_backend


def test_a_long_log_keeps_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_backend, "LONGEST_LOG", 1000)
    log = tmp_path / "worker-0.log"
    with log.open("ab") as worker:
        worker.write(b"x" * 5000 + b"the end\n")
        worker.flush()
        process_backend._shorten(log)
        assert log.stat().st_size < 1000
        worker.write(b"after it\n")
    assert log.read_bytes().startswith(b"(nasctl dropped earlier output)\n")
    assert log.read_bytes().endswith(b"the end\nafter it\n")


def test_a_short_or_missing_log_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "worker-0.log"
    process_backend._shorten(log)
    assert not log.exists()
    log.write_bytes(b"output")
    process_backend._shorten(log)
    assert log.read_bytes() == b"output"
