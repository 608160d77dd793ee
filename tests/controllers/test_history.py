"""The history of a search."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nasctl.controllers import Observation
from nasctl.controllers.history import History
from nasctl.controllers.moves import ExcludedStrings, string_keys


@given(st.lists(st.integers(0, 150), max_size=4), st.integers(0, 9))
def test_the_history_contains_all_observations_in_order(sizes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    history, seen = History(3), []
    for size in sizes:
        trials = [
            Observation(tuple(map(int, rng.integers(0, 50, 3))), None if rng.random() < 0.1 else rng.random())
            for _ in range(size)
        ]
        history.observe(trials)
        seen += trials
    restored = History(3)
    restored.restore(history.state())
    for remembered in (history, restored):
        assert [tuple(string) for string in remembered.strings.tolist()] == [trial.tokens for trial in seen]
        expected = [-np.inf if trial.reward is None else trial.reward for trial in seen]
        assert remembered.rewards.tolist() == expected
        assert remembered.tried == set(string_keys(remembered.strings))


def test_tried_and_pending_strings_are_excluded() -> None:
    strings = np.arange(12, dtype=np.int32).reshape(4, 3)
    tried, pending, added, free = string_keys(strings)
    excluded = ExcludedStrings({tried}, strings[1:2])
    excluded.add(strings[2])
    assert [key in excluded for key in (tried, pending, added, free)] == [True, True, True, False]
