import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasctl.datasets.split import keys_of, keys_of_arrays, stable_split, stratified_sample

SHARES = st.floats(0.01, 0.5)
EXAMPLES = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 4)), min_size=1, max_size=120)
"""Names and classes. Names may repeat."""


def named(numbers) -> np.ndarray:
    return keys_of(f"class/{number}.jpg".encode() for number in numbers)


def held_out_names(examples, share, **options) -> set:
    names, labels = zip(*examples, strict=True)
    _, out = stable_split(named(names), np.array(labels), share, seed=0, **options)
    return {examples[index] for index in out}


@given(EXAMPLES, SHARES, st.integers(0, 10))
def test_each_example_is_on_one_side_and_equal_ones_on_the_same(examples, share, seed) -> None:
    names, labels = zip(*examples, strict=True)
    kept, out = stable_split(named(names), np.array(labels), share, seed=seed)
    assert sorted([*kept, *out]) == list(range(len(examples)))
    assert list(kept) == sorted(kept) and list(out) == sorted(out)
    assert not {examples[index] for index in kept} & {examples[index] for index in out}


@given(EXAMPLES, SHARES)
def test_each_class_with_two_different_examples_is_on_both_sides(examples, share) -> None:
    names, labels = zip(*examples, strict=True)
    kept, out = stable_split(named(names), np.array(labels), share, seed=0)
    for label in set(labels):
        different = {name for name, other in examples if other == label}
        assert label in np.array(labels)[kept]
        assert (label in np.array(labels)[out]) == (len(different) > 1)


@given(EXAMPLES, EXAMPLES, SHARES)
def test_added_examples_move_others_only_in_classes_that_had_one_side_by_exception(
    examples, added, share
) -> None:
    before, after = held_out_names(examples, share), held_out_names(examples + added, share)
    for label in range(5):
        moved = {example for example in set(examples) if example[1] == label} & (before ^ after)
        assert len(moved) <= 1


@given(st.integers(0, 100))
def test_added_examples_of_large_classes_move_none(seed) -> None:
    labels = np.arange(400) % 4
    keys = named(range(seed, seed + 400))
    _, fewer = stable_split(keys[:300], labels[:300], 0.2, seed=0)
    _, more = stable_split(keys, labels, 0.2, seed=0)
    assert np.array_equal(fewer, more[more < 300])


def test_the_order_of_the_examples_and_other_classes_do_not_matter() -> None:
    examples = [(number, number % 3) for number in range(300)]
    assert held_out_names(examples, 0.2) == held_out_names(examples[::-1], 0.2)
    first = [example for example in examples if example[1] == 0]
    assert held_out_names(first, 0.2) == {
        example for example in held_out_names(examples, 0.2) if example[1] == 0
    }


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2, 0.5])
def test_about_the_share_is_held_out_of_each_class(share) -> None:
    labels = np.arange(20_000) % 2
    _, out = stable_split(named(range(20_000)), labels, share, seed=0)
    for label in (0, 1):
        deviation = (10_000 * share * (1 - share)) ** 0.5
        assert abs((labels[out] == label).sum() - 10_000 * share) < 4 * deviation


def test_parts_and_seeds_are_independent() -> None:
    keys = named(range(20_000))
    rest, test = stable_split(keys, None, 0.2, seed=0)
    _, validation = stable_split(keys[rest], None, 0.2, seed=0, part="validation")
    assert len(validation) == pytest.approx(0.2 * len(rest), rel=0.05)
    _, other = stable_split(keys, None, 0.2, seed=1)
    assert len(np.intersect1d(test, other)) == pytest.approx(0.04 * 20_000, rel=0.15)


def test_the_split_is_the_same_on_every_machine() -> None:
    _, out = stable_split([f"{number}.png".encode() for number in range(30)], None, 0.2, seed=3)
    assert out.tolist() == [2, 4, 14, 18, 20, 24]


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_all_examples_can_be_on_one_side(share) -> None:
    kept, out = stable_split(named(range(10)), None, share, seed=0)
    assert (len(kept), len(out)) == ((10, 0) if share == 0 else (0, 10))


def test_several_labels_and_numbers_are_split_as_one_class() -> None:
    keys = named(range(50))
    plain = stable_split(keys, None, 0.3, seed=0)[1]
    for labels in (np.zeros((50, 3), np.uint8), np.linspace(0, 1, 50, dtype=np.float32)[:, None]):
        assert np.array_equal(stable_split(keys, labels, 0.3, seed=0)[1], plain)


def test_no_examples_are_split_into_none() -> None:
    kept, out = stable_split([], None, 0.3, seed=0)
    assert len(kept) == len(out) == 0


def test_equal_arrays_have_equal_keys_whatever_their_order_in_memory() -> None:
    images = np.random.default_rng(0).integers(0, 255, (6, 4, 4, 3), np.uint8)
    images[3] = images[1]
    keys = keys_of_arrays(images)
    assert keys[3] == keys[1] and len(set(keys.tolist())) == 5
    assert np.array_equal(keys_of_arrays(np.asfortranarray(images)), keys)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=100), st.integers(1, 100), st.integers(0, 100))
def test_a_smaller_sample_is_part_of_a_larger_one(labels, count, more) -> None:
    small = stratified_sample(np.array(labels), count, seed=0)
    large = stratified_sample(np.array(labels), count + more, seed=0)
    assert len(small) == min(count, len(labels))
    assert set(small) <= set(large)
    if count >= len(set(labels)):
        assert set(np.array(labels)[small]) == set(labels)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=300), st.data())
def test_a_sample_has_each_class_in_proportion(labels, data) -> None:
    count = data.draw(st.integers(1, len(labels)))
    sample = np.array(labels)[stratified_sample(np.array(labels), count, seed=0)]
    for label in set(labels):
        exact = labels.count(label) * count / len(labels)
        assert abs((sample == label).sum() - exact) < len(set(labels)) + 1


def test_a_sample_follows_the_keys() -> None:
    labels, keys = np.arange(60) % 3, named(range(60))
    order = np.random.default_rng(0).permutation(60)
    sample = stratified_sample(labels, 20, keys, seed=0)
    shuffled = stratified_sample(labels[order], 20, keys[order], seed=0)
    assert set(order[shuffled]) == set(sample)
