"""Regularised evolution: selection of parents and ageing."""

import numpy as np
from toy_spaces import flat

from nasctl.controllers import Observation
from nasctl.controllers.evolution import POPULATION_SIZE, Evolution

SIZES = (9,) * 8


def distance(first, second):
    return sum(a != b for a, b in zip(first, second, strict=True))


def test_the_best_leaves_the_population_by_age():
    search = Evolution(flat(*SIZES), seed=0)
    champion = (8,) * 8
    rng = np.random.default_rng(0)
    others = [tuple(rng.integers(0, 3, 8).tolist()) for _ in range(POPULATION_SIZE)]
    search.observe([Observation(champion, 100.0)])
    search.observe([Observation(tokens, 1.0) for tokens in others[:-1]])
    children = search.propose(POPULATION_SIZE, 20)
    assert np.mean([distance(child, champion) == 1 for child in children]) > 0.4  # drawn with replacement
    search.observe([Observation(others[-1], 1.0)])
    assert all(distance(child, champion) > 3 for child in search.propose(POPULATION_SIZE + 1, 20))


def test_a_failed_trial_is_never_a_parent():
    search = Evolution(flat(*SIZES), seed=0)
    search.observe([Observation((0,) * 8, None)] * (POPULATION_SIZE - 4) + [Observation((8,) * 8, -5.0)] * 4)
    children = search.propose(POPULATION_SIZE, 20)
    assert np.mean([distance(child, (8,) * 8) == 1 for child in children]) > 0.9


def test_rewards_increase():
    search = Evolution(flat(*SIZES), seed=0)
    rewards = []
    for trial in range(250):
        (tokens,) = search.propose(trial, 1)
        rewards.append(float(sum(tokens)))
        search.observe([Observation(tokens, rewards[-1])])
    assert np.mean(rewards[-20:]) > np.mean(rewards[:POPULATION_SIZE]) + 12
