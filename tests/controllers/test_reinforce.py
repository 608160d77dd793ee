"""REINFORCE: its gradient, its state and its learning."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
import pytest
from reference_policy import SlowPolicy
from toy_spaces import flat, layered

from nasctl.config import ControllerConfig
from nasctl.controllers import Observation, make_controller
from nasctl.controllers.policy.network import initial_parameters
from nasctl.controllers.policy.plan import make_plan
from nasctl.controllers.reinforce import reinforce_loss
from nasctl.space import INACTIVE

SMALL = ControllerConfig(hidden=8, reward_model=False)


def observe_all(controller, proposals, reward):
    return controller.observe([Observation(tokens, reward(tokens)) for tokens in proposals])


def search(controller, reward, trials):
    """Runs batches of trials and returns the rewards in order."""
    rewards = []
    for first in range(0, trials, controller.batch):
        proposals = controller.propose(first, controller.batch)
        observe_all(controller, proposals, reward)
        rewards += [reward(tokens) for tokens in proposals]
    return np.array(rewards)


@pytest.mark.parametrize("barrier", [0.0, 0.3])
def test_the_gradient_matches_the_formula(barrier):
    """Compares the gradient with finite differences of the reference policy.

    The loss is -1/B Σ_b (R_b - baseline) log P(tokens_b) + barrier · M² / ((H + M / 100) √2). H is the entropy
    of the policy, and M that of two uniform decisions.
    """
    space = flat(2, 3)
    plan = make_plan(space)
    parameters = initial_parameters(
        np.random.default_rng(0), plan, layers=2, hidden=3, scale=0.7, offsets=True
    )
    tokens = [(0, 2), (1, 1), (0, 0), (1, 2)]
    rewards, baseline = np.array([0.9, 0.2, 0.4, 0.7]), 0.5

    def by_hand(flat_parameters):
        slow = SlowPolicy(space, unflatten(flat_parameters))
        gained = [(r - baseline) * slow.log_probability(t) for r, t in zip(rewards, tokens, strict=True)]
        entropy, most = np.mean([slow.entropies(t).sum() for t in tokens]), np.log(2) + np.log(3)
        return barrier * most**2 / (np.sqrt(2) * (entropy + 0.01 * most)) - np.mean(gained)

    leaves, structure = jax.tree.flatten(parameters)
    shapes = [leaf.shape for leaf in leaves]
    ends = np.cumsum([leaf.size for leaf in leaves])
    point = np.concatenate([np.ravel(leaf) for leaf in leaves]).astype(float)

    def unflatten(vector):
        parts = np.split(vector, ends[:-1])
        return jax.tree.unflatten(structure, [p.reshape(s) for p, s in zip(parts, shapes, strict=True)])

    step = 1e-6
    expected = np.array(
        [
            (by_hand(point + step * unit) - by_hand(point - step * unit)) / (2 * step)
            for unit in np.eye(len(point))
        ]
    )
    loss = partial(reinforce_loss, plan, barrier=barrier)
    arguments = (jnp.array(tokens), jnp.array(rewards - baseline, jnp.float32), jnp.ones(4))
    (value, _), gradient = jax.jit(jax.value_and_grad(loss, has_aux=True))(parameters, *arguments)
    assert float(value) == pytest.approx(by_hand(point), abs=1e-5)
    found = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(gradient)])
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_the_barrier_pushes_harder_the_more_certain_the_policy_is():
    plan = make_plan(flat(3, 3))
    parameters = initial_parameters(
        np.random.default_rng(0), plan, layers=2, hidden=3, scale=0.01, offsets=True
    )

    @jax.jit
    @partial(jax.value_and_grad, has_aux=True)
    def push(certainty):
        sure = parameters._replace(offsets=jnp.zeros((2, 3)).at[:, 0].set(certainty))
        return reinforce_loss(plan, sure, jnp.array([(0, 0)]), jnp.zeros(1), jnp.ones(1), 0.1)

    found = [push(certainty) for certainty in (0.0, 1.0, 2.0, 4.0)]
    entropies = [float(entropy) for (_, entropy), _ in found]
    slopes = [float(slope) for _, slope in found]
    assert entropies == sorted(entropies, reverse=True)
    assert slopes == sorted(slopes)
    assert abs(slopes[0]) < 1e-3  # a uniform policy is left alone
    assert slopes[-1] > 5 * slopes[1]


def test_padding_does_not_affect_the_loss():
    space = flat(2, 3)
    plan = make_plan(space)
    parameters = initial_parameters(
        np.random.default_rng(0), plan, layers=2, hidden=3, scale=0.7, offsets=True
    )
    loss = jax.jit(partial(reinforce_loss, plan, barrier=0.1))
    whole = loss(parameters, jnp.array([(0, 2), (1, 1)]), jnp.array([1.0, -2.0]), jnp.ones(2))
    padded = loss(
        parameters,
        jnp.array([(0, 2), (1, 1), (1, 2)]),
        jnp.array([1.0, -2.0, 5.0]),
        jnp.array([1.0, 1.0, 0.0]),
    )
    np.testing.assert_allclose(whole, padded, rtol=1e-6)


@pytest.mark.parametrize("preset", ["default", "paper"])
def test_a_restored_controller_continues_identically(tmp_path, preset):
    space = layered()
    config = ControllerConfig(preset=preset, hidden=8, reward_model=False)

    def reward(tokens):
        return sum(tokens) / 10

    controller = make_controller(space, config, seed=5)
    search(controller, reward, 4 * controller.batch)
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(tmp_path / "state", controller.state())
    with ocp.StandardCheckpointer() as checkpointer:
        saved = checkpointer.restore(tmp_path / "state")

    resumed = make_controller(space, config, seed=5)
    resumed.restore(saved)
    for first in range(40, 80, controller.batch):
        proposals = controller.propose(first, controller.batch)
        assert resumed.propose(first, controller.batch) == proposals
        assert observe_all(resumed, proposals, reward) == observe_all(controller, proposals, reward)
    for name, array in controller.state().items():
        np.testing.assert_array_equal(resumed.state()[name], array)


def test_a_state_is_a_copy():
    controller = make_controller(flat(2, 3), SMALL, seed=0)
    before = controller.state()
    kept = {name: array.copy() for name, array in before.items()}
    search(controller, sum, 10)
    assert all(np.array_equal(before[name], kept[name]) for name in kept)
    assert not np.array_equal(controller.state()["parameters/head_bias"], kept["parameters/head_bias"])


@pytest.mark.parametrize("preset", ["default", "paper"])
def test_rewards_move_the_policy_towards_better_strings(preset):
    # three decisions of three choices; each that agrees with (2, 0, 1) adds 1/3; a uniform policy has 1/3 on average
    rate = 0.01 if preset == "paper" else 0.0
    config = ControllerConfig(preset=preset, hidden=8, learning_rate=rate, reward_model=False)
    controller = make_controller(flat(3, 3, 3), config, seed=0)

    def reward(tokens):
        return sum(a == b for a, b in zip(tokens, (2, 0, 1), strict=True)) / 3

    rewards = search(controller, reward, 480)
    assert rewards[:60].mean() < 0.5
    assert rewards[-60:].mean() > 0.85


def test_anchors_learn_which_layers_to_connect():
    space = layered()
    bits = [bit for point in space.anchors for bit in point.bits]

    def reward(tokens):
        taken = [tokens[bit] for bit in bits if tokens[bit] != INACTIVE]
        return -float(np.mean(taken))  # every connection costs

    rewards = search(make_controller(space, SMALL, seed=1), reward, 300)
    assert rewards[-50:].mean() > rewards[:50].mean() + 0.2


@pytest.mark.parametrize(("scale", "offset"), [(1e-4, 0.0), (1000.0, 5e4), (1.0, -3.0)])
def test_the_default_is_invariant_to_the_scale_and_offset_of_rewards(scale, offset):
    space = flat(3, 3, 3)
    plain, scaled = (make_controller(space, SMALL, seed=0) for _ in range(2))
    for first in range(0, 60, 5):
        proposals = plain.propose(first, 5)
        assert scaled.propose(first, 5) == proposals
        observe_all(plain, proposals, lambda tokens: sum(tokens) / 6)
        observe_all(scaled, proposals, lambda tokens: scale * sum(tokens) / 6 + offset)


def test_the_policy_does_not_collapse():
    controller = make_controller(flat(3, 3, 3), SMALL, seed=0)
    for first in range(0, 600, 5):
        metrics = observe_all(controller, controller.propose(first, 5), lambda tokens: sum(tokens) / 6)
        assert metrics["entropy"] > 0.1
    assert metrics["entropy"] < 0.7


def test_equal_rewards_leave_the_policy_near_uniform():
    controller = make_controller(flat(3, 3, 3), SMALL, seed=0)
    for first in range(0, 100, 5):
        metrics = observe_all(controller, controller.propose(first, 5), lambda tokens: 0.1)
    assert metrics["entropy"] > 0.98


def test_failed_trials_count_as_the_worst_reward():
    space = flat(2)
    controller = make_controller(space, SMALL, seed=0)
    for first in range(0, 200, 5):
        proposals = controller.propose(first, 5)
        controller.observe([Observation(t, 1.0 + 0.01 * first if t == (1,) else None) for t in proposals])
    assert controller.propose(1000, 100).count((1,)) > 80


def test_initial_failures_change_nothing():
    controller = make_controller(flat(2, 3), SMALL, seed=0)
    before = controller.state()
    assert controller.observe([Observation((0, 0), None), Observation((1, 2), float("nan"))]) == {}
    assert controller.observe([]) == {}
    for name, array in controller.state().items():
        np.testing.assert_array_equal(array, before[name])


def test_batches_of_any_size_are_learned_from():
    controller = make_controller(flat(2, 3), SMALL, seed=0)
    for count in (1, 4, 5, 7):
        metrics = observe_all(controller, controller.propose(0, count), lambda tokens: float(sum(tokens)))
        assert np.isfinite(list(metrics.values())).all()
        assert {"entropy", "baseline", "deviation", "loss"} <= metrics.keys()
