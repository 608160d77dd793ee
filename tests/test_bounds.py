"""Bounds of numbers, and how messages state them."""

from __future__ import annotations

import math

import jax
import numpy as np
import pytest

from nasctl.bounds import LONGEST_SHOWN, SEEDS, Bounds, key_seed, shown


@pytest.mark.parametrize(
    ("bounds", "admitted", "refused"),
    [
        (Bounds(1, 8), (1, 4.5, 8), (0, 0.999, 8.001, 9, math.nan, math.inf, -math.inf)),
        (Bounds(0, 1, above=True), (5e-324, 1), (0, -1, 1.5, math.nan)),
        (Bounds(0, 1, below=True), (0, math.nextafter(1, 0)), (1, 2, math.nan)),
        (Bounds(2, 8, also=0), (0, 2, 8), (1, -1, 9)),
    ],
)
def test_numbers_within_the_bounds_are_admitted(
    bounds: Bounds, admitted: tuple[float, ...], refused: tuple[float, ...]
) -> None:
    assert [bounds.admit(number) for number in admitted] == [True] * len(admitted)
    assert [bounds.admit(number) for number in refused] == [False] * len(refused)


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        (Bounds(0, 0.5, above=True), "more than 0 to 0.5"),
        (Bounds(1e-30, 1e30), "from 1e-30 to 1e+30"),
        (Bounds(0, 10**15), "from 0 to 1,000,000,000,000,000"),
        (Bounds(-0.25, 1e14, below=True), "from -0.25 to less than 100,000,000,000,000"),
        (Bounds(2.0, 64.5, also=0), "0 or from 2 to 64.5"),
    ],
)
def test_bounds_are_stated_in_words(bounds: Bounds, words: str) -> None:
    assert str(bounds) == words


def test_a_long_value_is_cut_to_the_longest_that_is_shown() -> None:
    assert shown("x" * LONGEST_SHOWN) == "x" * LONGEST_SHOWN
    assert shown("x" * (LONGEST_SHOWN + 1)) == "x" * (LONGEST_SHOWN - 1) + "…"


def test_a_number_too_long_for_python_to_write_is_described() -> None:
    assert shown(10**5000) == "a number of more than 5,000 digits"
    assert shown(-(10**5000)) == "a number of more than 5,000 digits"


def keys(seeds):
    return {np.asarray(jax.random.key_data(jax.random.key(seed))).tobytes() for seed in seeds}


def test_seeds_that_jax_takes_for_the_same_are_different():
    seeds = (5, 5 + 2**32, 5 + 2**33, int(SEEDS.high))
    assert len(keys(seeds)) < 4
    assert len(keys(map(key_seed, seeds))) == 4
    assert all(key_seed(seed) == seed for seed in (0, 5, 2**32 - 1))
