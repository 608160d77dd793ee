"""Scores of given strings: their probabilities sum to one and do not depend on inactive decisions."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from opinionated import Opinionated, all_strings
from toy_spaces import flat, layered

from nasctl.controllers.policy.scoring import log_probabilities
from nasctl.space import INACTIVE, sample_uniform


def test_probabilities_of_all_strings_sum_to_one():
    policy = Opinionated(layered(depths=(2, 3)))
    for trial in (0, 10):
        strings = all_strings(policy.space, policy.space.forced(trial))
        assert np.exp(policy.log_probability(strings)).sum() == pytest.approx(1, abs=1e-4)


def strings_without_pools(space, depth, count=3):
    rng = np.random.default_rng(0)
    forced = {0: depth} | {index: 0 for index, d in enumerate(space.decisions) if d.kind == "type"}
    return [sample_uniform(space, rng, forced) for _ in range(count)]


def test_inactive_decisions_have_no_gradient():
    policy = Opinionated(layered(depths=(2, 3, 4)))
    kind = {d.name: int(k) for d, k in zip(policy.space.decisions, policy.plan.kind, strict=True)}
    convolutions = np.array(strings_without_pools(policy.space, depth=0))  # nothing of layers 3 and 4 either
    total = jax.jit(jax.grad(lambda p: log_probabilities(policy.plan, p, jnp.asarray(convolutions)).sum()))
    gradient = total(policy.parameters)
    for absent in (kind["layer1.size"], kind["layers"]):
        assert not np.any(gradient.head[absent]) and not np.any(gradient.head_bias[absent])
        assert not np.any(gradient.embedding[absent])
    assert not np.any(gradient.attention.embedding[2:])
    assert not np.any(gradient.offsets[(convolutions == INACTIVE).all(0)])
    assert np.any(gradient.head[kind["layer1.filters"]])
    assert not np.any(gradient.head[kind["layer1.type"]][:, 2:])  # padding up to the largest choice set


def test_parameters_of_inactive_decisions_do_not_affect_scores():
    policy = Opinionated(layered())
    size = int(policy.plan.kind[[d.name for d in policy.space.decisions].index("layer1.size")])
    sizes = [index for index, decision in enumerate(policy.space.decisions) if decision.kind == "size"]
    no_pool = strings_without_pools(policy.space, depth=2)
    parameters = policy.parameters
    changed = parameters._replace(
        head=parameters.head.at[size].add(7.0),
        head_bias=parameters.head_bias.at[size, 0].add(3.0),
        embedding=parameters.embedding.at[size].add(-5.0),
    )
    changed = changed._replace(offsets=changed.offsets.at[np.array(sizes)].add(2.0))
    before, after = policy.score(no_pool), policy.score(no_pool, changed)
    np.testing.assert_array_equal(before.log_probability, after.log_probability)
    np.testing.assert_array_equal(before.entropy, after.entropy)


def test_a_small_initial_scale_gives_a_nearly_uniform_policy():
    policy = Opinionated(flat(2, 3, 4), hidden=35, scale=0.08)
    strings = list(itertools.product(range(2), range(3), range(4)))
    np.testing.assert_allclose(np.exp(policy.log_probability(strings)), 1 / 24, rtol=0.3)
