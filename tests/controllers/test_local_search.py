"""Local search and its restarts."""

from itertools import pairwise

import numpy as np
from toy_spaces import flat, layered

from nasctl.controllers import Observation
from nasctl.controllers.local_search import LocalSearch


def run(search, reward, trials):
    tried = []
    for trial in range(trials):
        tried += search.propose(trial, 1)
        search.observe([Observation(tried[-1], reward(tried[-1]))])
    return tried


def distance(first, second):
    return sum(a != b for a, b in zip(first, second, strict=True))


def test_it_finds_the_optimum_of_a_separable_function():
    best = (2, 0, 1, 3, 1, 2)
    search = LocalSearch(flat(3, 2, 3, 4, 2, 3), seed=0)
    tried = run(search, lambda tokens: -distance(tokens, best), 60)
    assert best in tried


def test_it_moves_to_better_neighbours_only():
    tried = run(LocalSearch(flat(4, 4, 4, 4, 4), seed=1), sum, 40)
    stands = tried[0]
    for tokens in tried[1:]:
        if stands == (3,) * 5:
            break
        assert distance(tokens, stands) == 1
        stands = max(stands, tokens, key=sum)


def test_it_restarts_from_a_local_optimum():
    # (0, 0, 0) and its opposite are optima; everything else is worth less the farther it is from both
    def two_optima(tokens):
        return -min(distance(tokens, (0,) * 6), distance(tokens, (1,) * 6) + 0.5)

    tried = run(LocalSearch(flat(*[2] * 6), seed=0), two_optima, 50)
    assert (0,) * 6 in tried and (1,) * 6 in tried


def test_it_restarts_after_a_failed_start():
    tried = run(LocalSearch(flat(3, 3, 3), seed=0), lambda tokens: None, 20)
    assert len(set(tried)) == 20
    assert np.mean([distance(a, b) > 1 for a, b in pairwise(tried)]) > 0.4


def test_it_keeps_its_position_when_the_schedule_goes_deeper():
    space = layered(depths=(2, 3), every=15)
    tried = run(LocalSearch(space, seed=0), lambda tokens: float(sum(tokens)), 30)
    inherited = [
        all(a == b for a, b in zip(shallow[1:], tried[15][1:], strict=True) if a != -1)
        for shallow in tried[:15]
    ]
    assert sum(inherited) == 1
