import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasctl.datasets.split import random_split, stratified_split


@given(st.integers(2, 200), st.data())
def test_a_random_split_divides_all_indices(count: int, data: st.DataObject) -> None:
    held_out = data.draw(st.integers(0, count))
    keep, out = random_split(count, held_out, seed=data.draw(st.integers(0, 100)))
    assert len(out) == held_out
    assert sorted([*keep, *out]) == list(range(count))


@given(st.lists(st.integers(0, 4), min_size=2, max_size=200), st.data())
def test_a_stratified_split_holds_out_each_class_in_proportion(
    labels: list[int], data: st.DataObject
) -> None:
    held_out = data.draw(st.integers(1, len(labels)))
    keep, out = stratified_split(np.array(labels), held_out, seed=0)
    assert len(out) == held_out
    assert sorted([*keep, *out]) == list(range(len(labels)))
    for label in set(labels):
        exact = labels.count(label) * held_out / len(labels)
        assert abs(sum(labels[index] == label for index in out) - exact) < 1


@pytest.mark.parametrize(
    "split", [random_split, lambda n, k, seed: stratified_split(np.arange(n) % 3, k, seed=seed)]
)
def test_the_split_depends_on_the_seed_only(split) -> None:
    assert np.array_equal(split(90, 30, seed=1)[1], split(90, 30, seed=1)[1])
    assert not np.array_equal(split(90, 30, seed=1)[1], split(90, 30, seed=2)[1])
