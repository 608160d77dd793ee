"""The trials of a synchronous search do not depend on the speed and the number of the workers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from nasctl.config import Config
from nasctl.dialects import parse_space
from nasctl.engine import Search
from nasctl.executors import Evaluation, Job, Outcome
from nasctl.settings import resolve
from nasctl.store import RunFolder, Trial

SPACE = parse_space("space choices\na in {0, 1, 2, 3}\nb in {0, 1, 2, 3}\nc in {0, 1, 2, 3}\n", name="toy")
TRIALS = 20


class Unruly:
    """An executor that ends jobs in random order and records the largest number of jobs at once."""

    def __init__(self, capacity: int, seed: int, dies_after: int = TRIALS) -> None:
        self.capacity = capacity
        self.most = 0
        self._jobs: list[Job] = []
        self._chance = random.Random(seed)
        self._left = dies_after

    def submit(self, job: Job) -> None:
        self._jobs.append(job)
        self.most = max(self.most, len(self._jobs))

    def wait(self, listener: object, seconds: float | None = None) -> Sequence[Outcome]:
        if self._left == 0:
            raise KeyboardInterrupt
        self._left -= 1
        job = self._jobs.pop(self._chance.randrange(len(self._jobs)))
        reward = sum(job.architecture.tokens) + job.architecture.tokens[0] / 8
        return [Outcome(job, "complete", 0.0, Evaluation(reward))]

    def close(self) -> None:
        self._jobs.clear()


def search(folder: Path, config: Config, *executors: Unruly) -> list[Trial]:
    """Runs a search that is interrupted with each executor but the last, and returns its trials."""
    run = RunFolder.create(folder, SPACE, config)
    for executor in executors:
        try:
            Search(SPACE, lambda _, executor=executor: executor, config, run, seed=1).run()
        except KeyboardInterrupt:
            continue
    with closing(run.trials(read_only=True)) as store:
        assert store.open_trials() == []
        return store.trials()


def configured(controller: str, batch: int, ahead: int, updates: str = "synchronous") -> Config:
    return resolve(
        {
            "controller": {"kind": controller, "batch": batch},
            "search": {"trials": TRIALS, "ahead": ahead, "updates": updates},
        }
    )


@given(
    st.sampled_from(["random", "evolution", "local"]),
    st.integers(1, 5),
    st.integers(0, 6),
    st.integers(1, 8),
    st.integers(0, 10**6),
)
@settings(max_examples=12, deadline=None)
def test_order_and_number_of_workers_do_not_decide_the_trials(
    controller: str, batch: int, ahead: int, capacity: int, seed: int
) -> None:
    config = configured(controller, batch, ahead)
    with TemporaryDirectory() as folder:
        alone = search(Path(folder) / "alone", config, Unruly(1, 0))
        crowd = Unruly(capacity, seed)
        together = search(Path(folder) / "together", config, crowd)
        cut = search(
            Path(folder) / "cut",
            config,
            Unruly(capacity, seed, seed % 7),
            Unruly(2, seed, 5),
            Unruly(capacity, 1),
        )
    assert together == alone == cut
    assert crowd.most <= min(capacity, ahead + batch)


@given(st.sampled_from(["random", "evolution"]), st.integers(1, 4), st.integers(1, 5), st.integers(0, 10**6))
@settings(max_examples=6, deadline=None)
def test_an_asynchronous_search_waits_for_nobody(
    controller: str, batch: int, capacity: int, seed: int
) -> None:
    config = configured(controller, batch, ahead=0, updates="asynchronous")
    with TemporaryDirectory() as folder:
        crowd = Unruly(capacity, seed)
        trials = search(Path(folder) / "run", config, Unruly(capacity, seed, 6), crowd)
    assert [trial.number for trial in trials] == list(range(TRIALS))
    assert crowd.most >= min(capacity, 2)
