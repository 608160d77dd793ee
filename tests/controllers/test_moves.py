"""Operations on arrays of token strings."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from toy_spaces import flat, spaces

from nasctl.controllers.moves import FREE, Moves, as_strings, as_tokens, string_keys
from nasctl.controllers.policy.plan import make_plan

seeds = st.integers(0, 1000)


def check(space, strings, forced):
    for string in strings:
        tokens = as_tokens(string)
        assert space.validate(tokens) == tokens
        assert all(tokens[decision] == token for decision, token in forced.items())


@given(spaces(), seeds, st.integers(0, 20))
def test_all_generated_strings_are_valid(space, seed, trial):
    moves, rng, forced = Moves(make_plan(space)), np.random.default_rng(seed), space.forced(trial)
    strings = moves.random(6, rng, forced)
    check(space, strings, forced)
    check(space, moves.mutated(strings, rng.integers(0, 4, 6), rng, forced), forced)
    check(space, moves.neighbours(strings[0], rng, forced), forced)
    check(space, moves.complete(moves.balanced(12, rng), rng, forced), forced)
    check(space, moves.complete(moves.freed(strings, np.full(6, 2), rng), rng, forced), forced)


@given(seeds, st.integers(0, 5))
def test_the_requested_number_of_decisions_changes(seed, changes):
    moves, rng = Moves(make_plan(flat(2, 3, 4, 2, 5))), np.random.default_rng(seed)
    strings = moves.random(8, rng, {})
    mutated = moves.mutated(strings, np.full(8, changes), rng, {})
    assert ((mutated != strings).sum(axis=1) == changes).all()
    assert ((moves.freed(strings, np.full(8, changes), rng) == FREE).sum(axis=1) == changes).all()


def test_the_neighbours_are_all_strings_at_distance_one():
    moves = Moves(make_plan(flat(2, 3, 4)))
    neighbours = moves.neighbours(np.array([1, 0, 2]), np.random.default_rng(0), {})
    found = {as_tokens(string) for string in neighbours}
    assert found == {(0, 0, 2), (1, 1, 2), (1, 2, 2), (1, 0, 0), (1, 0, 1), (1, 0, 3)}


def test_balanced_rows_contain_every_choice_equally_often():
    rows = Moves(make_plan(flat(2, 3, 4))).balanced(12, np.random.default_rng(0))
    for column, size in zip(rows.T, (2, 3, 4), strict=True):
        assert np.bincount(column).tolist() == [12 // size] * size


def test_equal_strings_have_equal_keys():
    strings = as_strings([(0, 1), (1, 0), (0, 1)], 2)
    names = string_keys(strings)
    assert names[0] == names[2] != names[1]
    assert string_keys(as_strings([], 2)) == []
