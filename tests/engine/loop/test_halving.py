"""Successive halving: which children are trained further, and what is printed about the others."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nasctl
from nasctl.engine.loop.halving import rung_epochs, rungs
from nasctl.executors import Rung
from nasctl.store import Trial

rewards = st.lists(st.floats(0, 1), min_size=0, max_size=30)


def trial(number: int, *rewards: float, reused: int | None = None) -> Trial:
    history = tuple({"epoch": epoch, "reward": reward} for epoch, reward in enumerate(rewards, start=1))
    return Trial(number, (0,), "complete", rewards[-1], history=history, reused=reused)


@given(st.integers(1, 200), st.integers(2, 5))
def test_rungs_are_inside_the_training_and_grow_by_the_factor(epochs: int, factor: int) -> None:
    found = rung_epochs(epochs, factor)
    assert list(found) == sorted(set(found))
    assert all(1 <= epoch < epochs for epoch in found)
    for lower, higher in pairwise((*found, epochs)):
        assert (higher + factor - 1) // factor == lower


@given(rewards, st.integers(2, 4))
def test_the_best_of_each_factor_go_on(values: list[float], factor: int) -> None:
    found = rungs(2, factor, [trial(number, value) for number, value in enumerate(values)])
    if len(values) < factor:
        assert found == ()
        return
    (rung,) = found
    going_on = sum(value >= rung.reward for value in values)
    assert going_on >= len(values) // factor
    assert sum(value > rung.reward for value in values) < len(values) // factor


def test_a_rung_knows_those_that_came_to_it_only_and_each_network_once() -> None:
    earlier = [trial(0, 0.1), trial(1, 0.2, 0.5), trial(2, 0.3, 0.6), trial(3, 0.9, reused=0)]
    assert rungs(4, 2, earlier) == (Rung(1, 0.3), Rung(2, 0.6))
    assert rungs(4, 0, earlier) == ()


@pytest.mark.slow
def test_a_search_trains_the_promising_longer_and_says_how_long(tmp_path: Path) -> None:
    settings = {
        "search": {"halving": 2, "executor": "inline", "duplicates": "repeat"},
        "training": {"epochs": 4},
    }
    run = nasctl.search(
        "spaces/tiny.nas", controller="random", trials=8, out=tmp_path / "run", settings=settings
    )
    epochs = [int(trial.metrics["epochs"]) for trial in run.trials]
    assert set(epochs) <= {1, 2, 4}
    assert 4 in epochs and min(epochs) < 4
    for done in run.trials:
        assert len(done.history) == done.metrics["epochs"]
        assert done.history[-1]["reward"] == done.reward
        for rung in rungs(4, 2, run.trials[: max(0, done.number - 1)]):
            if len(done.history) > rung.epoch:
                assert done.history[rung.epoch - 1]["reward"] >= rung.reward
