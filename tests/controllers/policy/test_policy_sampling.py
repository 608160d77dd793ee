"""Sampling from the policy, compared with the reference implementation."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opinionated import Opinionated, all_strings
from reference_policy import SlowPolicy
from toy_spaces import layered, spaces


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
def test_samples_of_any_space_are_valid_and_their_probability_matches_the_reference(space, seed):
    check_against_the_slow_policy(Opinionated(space, seed), range(0, 16, 2))


@pytest.mark.parametrize("offsets", [True, False])
def test_probabilities_of_typed_layers_with_anchors_match_the_reference(offsets):
    check_against_the_slow_policy(Opinionated(layered(), seed=1, offsets=offsets), range(30))


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


def test_networks_of_all_depths_share_one_compiled_program():
    policy = Opinionated(layered(depths=(2, 3, 4), every=10))
    depths = {int(np.asarray(policy.sample([trial]).tokens)[0, 0]) for trial in (0, 10, 20)}
    assert depths == {0, 1, 2}
    assert policy._sample._cache_size() == 1
