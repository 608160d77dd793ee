"""Sampling and probabilities of the LSTM policy, against slow loops and against each other."""

import itertools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_policy import SlowPolicy
from toy_spaces import flat, layered, spaces

from nasctl.controllers.network import initial_parameters
from nasctl.controllers.plan import make_plan
from nasctl.controllers.policy import FREE, draw_uniforms, log_probabilities, sample, score
from nasctl.space import INACTIVE, sample_uniform


class Opinionated:
    """A policy far from uniform, so that a mistake shows; each of its functions compiles once a shape."""

    def __init__(self, space, seed=0, hidden=6, scale=1.5, offsets=True):
        self.space = space
        self.plan = make_plan(space)
        rng = np.random.default_rng(seed)
        self.parameters = initial_parameters(
            rng, self.plan, layers=2, hidden=hidden, scale=scale, offsets=offsets
        )
        self._sample = jax.jit(partial(sample, self.plan))
        self._score = jax.jit(partial(score, self.plan))

    def sample(self, trials, seed=0):
        given_tokens = np.full((len(trials), self.plan.length), FREE)
        for row, trial in enumerate(trials):
            for decision, token in self.space.forced(trial).items():
                given_tokens[row, decision] = token
        return self.sample_given(given_tokens, trials, seed)

    def sample_given(self, given_tokens, trials, seed=0):
        uniforms = draw_uniforms(self.plan, jax.random.key(seed), jnp.asarray(trials))
        return self._sample(self.parameters, uniforms, given_tokens)

    def score(self, tokens, parameters=None):
        return self._score(parameters or self.parameters, np.asarray(tokens))

    def log_probability(self, tokens):
        return np.asarray(self.score(tokens).log_probability).sum(-1)


def check_against_the_slow_policy(policy, trials):
    drawn = policy.sample(trials)
    scores = policy.score(drawn.tokens)
    slow = SlowPolicy(policy.space, jax.device_get(policy.parameters))
    for row, tokens in enumerate(np.asarray(drawn.tokens).tolist()):
        assert policy.space.validate(tokens) == tuple(tokens)
        expected = pytest.approx(slow.log_probability(tokens), rel=1e-4, abs=1e-5)
        assert float(drawn.log_probability[row]) == expected
        assert float(scores.log_probability[row].sum()) == expected
        np.testing.assert_allclose(scores.entropy[row], slow.entropies(tokens), rtol=1e-3, atol=1e-5)


@settings(max_examples=5, deadline=None)
@given(spaces(), st.integers(0, 1000))
def test_samples_of_any_space_are_valid_and_have_the_probability_that_slow_loops_find(space, seed):
    check_against_the_slow_policy(Opinionated(space, seed), range(0, 16, 2))


@pytest.mark.parametrize("offsets", [True, False])
def test_samples_of_typed_layers_with_anchors_have_the_probability_that_slow_loops_find(offsets):
    check_against_the_slow_policy(Opinionated(layered(), seed=1, offsets=offsets), range(30))


def all_strings(space, forced):
    """Every token string of a small space."""
    found = [()]
    for index, decision in enumerate(space.decisions):
        found = [
            (*prefix, token)
            for prefix in found
            for token in (
                (INACTIVE,)
                if not decision.active(prefix)
                else (forced[index],)
                if index in forced
                else range(len(decision.choices))
            )
        ]
    return found


def test_probabilities_of_all_strings_sum_to_one():
    policy = Opinionated(layered(depths=(2, 3)))
    for trial in (0, 10):
        strings = all_strings(policy.space, policy.space.forced(trial))
        assert np.exp(policy.log_probability(strings)).sum() == pytest.approx(1, abs=1e-4)


def test_sampled_frequencies_match_the_probabilities():
    policy = Opinionated(layered(depths=(2, 3), every=10**6), scale=0.8)
    drawn = np.asarray(policy.sample(range(20_000)).tokens)
    strings = all_strings(policy.space, policy.space.forced(0))
    expected = 20_000 * np.exp(policy.log_probability(strings))
    count_of = dict.fromkeys(strings, 0)
    for string in map(tuple, drawn.tolist()):
        count_of[string] += 1
    observed = np.array(list(count_of.values()))
    often = expected >= 5
    statistic = float(((observed - expected)[often] ** 2 / expected[often]).sum())
    degrees = int(often.sum()) - 1
    assert degrees > 20
    assert statistic < degrees + 4 * np.sqrt(2 * degrees)  # four standard deviations of chi-square


def test_a_string_depends_on_its_trial_alone():
    policy = Opinionated(layered())
    together = np.asarray(policy.sample(range(16)).tokens)
    backwards = np.asarray(policy.sample(range(15, -1, -1)).tokens)[::-1]
    alone = np.concatenate([policy.sample([trial]).tokens for trial in range(16)])
    np.testing.assert_array_equal(together, backwards)
    np.testing.assert_array_equal(together, alone)
    assert len(np.unique(together, axis=0)) > 8


def test_given_tokens_are_kept_where_they_are_active():
    policy = Opinionated(layered())
    strings = policy.sample(range(12)).tokens
    np.testing.assert_array_equal(policy.sample_given(strings, range(12), seed=9).tokens, strings)


def strings_without_pools(space, depth, count=3):
    rng = np.random.default_rng(0)
    forced = {0: depth} | {index: 0 for index, d in enumerate(space.decisions) if d.kind == "type"}
    return [sample_uniform(space, rng, forced) for _ in range(count)]


def test_decisions_that_are_not_taken_have_no_gradient():
    policy = Opinionated(layered(depths=(2, 3, 4)))
    kind = {d.name: int(k) for d, k in zip(policy.space.decisions, policy.plan.kind, strict=True)}
    convolutions = np.array(strings_without_pools(policy.space, depth=0))  # nothing of layers 3 and 4 either
    total = jax.jit(jax.grad(lambda p: log_probabilities(policy.plan, p, convolutions).sum()))
    gradient = total(policy.parameters)
    for absent in (kind["layer1.size"], kind["layers"]):
        assert not np.any(gradient.head[absent]) and not np.any(gradient.head_bias[absent])
        assert not np.any(gradient.embedding[absent])
    assert not np.any(gradient.attention.embedding[2:])
    assert not np.any(gradient.offsets[(convolutions == INACTIVE).all(0)])
    assert np.any(gradient.head[kind["layer1.filters"]])
    assert not np.any(gradient.head[kind["layer1.type"]][:, 2:])  # padding up to the largest choice set


def test_heads_of_decisions_that_are_not_taken_change_nothing():
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


def test_a_deeper_network_of_the_schedule_is_the_same_program():
    policy = Opinionated(layered(depths=(2, 3, 4), every=10))
    depths = {int(np.asarray(policy.sample([trial]).tokens)[0, 0]) for trial in (0, 10, 20)}
    assert depths == {0, 1, 2}
    assert policy._sample._cache_size() == 1


def test_a_small_initial_scale_gives_a_nearly_uniform_policy():
    policy = Opinionated(flat(2, 3, 4), hidden=35, scale=0.08)
    strings = list(itertools.product(range(2), range(3), range(4)))
    np.testing.assert_allclose(np.exp(policy.log_probability(strings)), 1 / 24, rtol=0.3)
