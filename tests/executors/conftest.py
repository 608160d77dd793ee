"""A listener that records the events of an executor."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from nasctl.executors import Job


class RecordingListener:
    def __init__(self) -> None:
        self.started: list[int] = []
        self.epochs: list[tuple[int, float]] = []

    def job_started(self, job: Job) -> None:
        self.started.append(job.number)

    def epoch_finished(self, job: Job, metrics: Mapping[str, float]) -> None:
        self.epochs.append((job.number, metrics["epoch"]))


@pytest.fixture
def listener() -> RecordingListener:
    return RecordingListener()
