"""The events of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nasctl.config import Config
from nasctl.executors import Job
from nasctl.space import Space
from nasctl.store import Trial

if TYPE_CHECKING:
    from nasctl.tasks import Task


class Listener:
    """Receives the events of a search. Override the methods that you need; by default they do nothing."""

    def data_read(self, task: Task) -> None:
        """The data set was read on which children will be trained."""

    def search_started(self, folder: Path, space: Space, config: Config, trials: Sequence[Trial]) -> None:
        """A run starts or is resumed; `trials` are those that it already has."""

    def trial_started(self, job: Job) -> None:
        """The evaluation of a child starts."""

    def epoch_finished(self, job: Job, epoch: int, measures: Mapping[str, float]) -> None:
        """A child was trained for one more epoch (`epoch` counts from 1)."""

    def trial_finished(self, trial: Trial, *, is_best: bool) -> None:
        """A trial was recorded."""

    def controller_updated(self, trials_seen: int, metrics: Mapping[str, float]) -> None:
        """The controller learned from a batch."""
