"""The default controller: initial design, reward model, local search phases, failures and the LSTM policy."""

import itertools
from typing import Any

import numpy as np
import orbax.checkpoint as ocp
import pytest
from toy_spaces import flat
from uniform_policy import guided_without_lstm

from nasctl.config import ControllerConfig
from nasctl.controllers import Observation, make_controller
from nasctl.controllers.guided import EXHAUSTION_CHECK_INTERVAL, INITIAL_TRIALS, POLICY_SHARE, GuidedReinforce
from nasctl.controllers.local_search_phase import LocalSearchPhase
from nasctl.controllers.policy.guided import _improve, _sample
from nasctl.controllers.policy.plan import make_plan
from nasctl.controllers.reward_model import RewardModel

SMALL = ControllerConfig(hidden=8)


def run(controller, reward, trials, batch=1, first=0):
    rewards, metrics = [], {}
    for trial in range(first, first + trials, batch):
        proposals = controller.propose(trial, batch)
        gained = [reward(tokens) for tokens in proposals]
        metrics = controller.observe([Observation(t, r) for t, r in zip(proposals, gained, strict=True)])
        rewards += gained
    return rewards, metrics


def pairwise(tokens):
    """A reward with pairwise interactions. Its optimum on (3,) * 8 is the string of 2s."""
    return sum(tokens) / 4 + 0.5 * sum(a == b for a, b in itertools.pairwise(tokens))


def test_it_finds_the_optimum_of_a_function_with_interactions_in_far_fewer_trials_than_strings():
    rewards, _ = run(guided_without_lstm(flat(*[3] * 8)), pairwise, 50)
    assert max(rewards) == pairwise((2,) * 8)


def test_the_initial_design_is_balanced():
    controller = guided_without_lstm(flat(2, 3, 4))
    strings = np.array([controller.propose(trial, 1)[0] for trial in range(INITIAL_TRIALS)])
    for column, size in zip(strings.T, (2, 3, 4), strict=True):
        assert np.bincount(column).tolist() == [INITIAL_TRIALS // size] * size


@pytest.mark.parametrize(("scale", "offset"), [(1e-4, 0.0), (1000.0, 5e4)])
def test_proposals_are_invariant_to_the_scale_and_offset_of_rewards(scale, offset):
    plain, scaled = guided_without_lstm(flat(*[3] * 6)), guided_without_lstm(flat(*[3] * 6))
    first, _ = run(plain, pairwise, 30)
    second, _ = run(scaled, lambda tokens: scale * pairwise(tokens) + offset, 30)
    np.testing.assert_allclose(second, scale * np.array(first) + offset, rtol=1e-9)


def test_failing_regions_are_avoided():
    def reward(tokens):
        return None if tokens[0] == 2 else pairwise(tokens)

    rewards, _ = run(guided_without_lstm(flat(*[3] * 6)), reward, 50)
    assert sum(r is None for r in rewards[:INITIAL_TRIALS]) == INITIAL_TRIALS // 3
    assert sum(r is None for r in rewards[INITIAL_TRIALS:]) <= 6


def test_a_search_in_which_all_trials_fail_continues():
    rewards, metrics = run(make_controller(flat(2, 3, 4), SMALL, seed=0), lambda tokens: None, 15)
    assert rewards == [None] * 15 and np.isfinite(list(metrics.values())).all()


def test_rejected_proposals_are_followed_by_different_ones():
    controller = guided_without_lstm(flat(*[3] * 6))
    run(controller, lambda tokens: float(sum(tokens)), 25)
    rejected = []
    for attempt in range(20):
        rejected += controller.propose(25, 1, attempt=attempt, pending=tuple(rejected))
    assert len(set(rejected)) == 20


def test_a_stalled_search_starts_a_local_search_phase():
    space = flat(*[2] * 10)
    controller = guided_without_lstm(space)
    run(controller, lambda tokens: float(tokens == (1,) * 10), 30)  # a needle: nothing is ever gained
    centre = controller.state()["excursion/centre"]
    assert controller.state()["excursion/idle"] >= 0
    proposals = {controller.propose(trial, 1)[0] for trial in range(30, 60)}
    assert tuple(centre.tolist()) in proposals or any(
        np.sum(centre != np.array(tokens)) == 1 for tokens in proposals
    )
    run(controller, lambda tokens: float(sum(tokens)), 1, first=30)  # a gain
    assert controller._stalled == 0


def test_an_exhausted_model_is_checked_periodically_and_the_policy_proposes_meanwhile(
    monkeypatch,
):
    space = flat(2, 2, 2)
    controller = guided_without_lstm(space)
    run(controller, lambda tokens: float(sum(tokens)), 80)  # all eight strings were tried
    assert controller.state()["hopeless"]
    resumed = guided_without_lstm(space)
    resumed.restore(controller.state())
    assert resumed.propose(80, 5) == controller.propose(80, 5)
    asked = []
    promising = GuidedReinforce._maximise_improvement
    monkeypatch.setattr(
        GuidedReinforce, "_maximise_improvement", lambda *given: asked.append(1) or promising(*given)
    )
    run(controller, lambda tokens: float(sum(tokens)), 80, first=80)
    assert (
        80 / EXHAUSTION_CHECK_INTERVAL
        < len(asked)
        < 80 * (1 / EXHAUSTION_CHECK_INTERVAL + 2 * (1 - POLICY_SHARE))
    )
    run(controller, lambda tokens: 10.0, 1, first=160)  # a gain
    assert not controller.state()["hopeless"]


def test_a_phase_moves_to_better_strings_within_the_maximum_distance():
    controller = guided_without_lstm(flat(*[3] * 8))
    run(controller, pairwise, 30)
    model, here = controller._model, np.ones(8, np.int32)
    better, far = here.copy(), np.full(8, 2, np.int32)
    better[:2] = 2
    worse = here.copy()
    worse[0] = 0
    assert LocalSearchPhase(here).after(model, [better]).centre.tolist() == better.tolist()
    assert LocalSearchPhase(here).after(model, [far]).centre.tolist() == here.tolist()
    assert LocalSearchPhase(better).after(model, [here, worse]).centre.tolist() == better.tolist()


def test_a_phase_climbs_over_observed_strings_to_their_local_optimum():
    space = flat(*[3] * 8)
    low, middle, summit, beyond = (np.repeat([1, 0], [ones, 8 - ones]) for ones in (0, 2, 4, 8))
    others = np.random.default_rng(0).integers(0, 3, (30, 8))
    model = RewardModel(make_plan(space), 0)
    rewards = np.append(np.zeros(30), [1.0, 2.0, 3.0, 4.0])
    model.observe(np.vstack([others, low, middle, summit, beyond]), rewards)
    arrived = LocalSearchPhase(low).after(model, [low])
    assert arrived.centre.tolist() == summit.tolist()  # the next one differs in more than two decisions
    assert arrived.idle == 0


@pytest.mark.parametrize("batch", [1, 10])
def test_the_entropy_stays_near_its_target(batch):
    controller = make_controller(flat(*[3] * 8), SMALL, seed=0)
    lowest = 1.0
    for first in range(0, 100, batch):
        _, metrics = run(controller, pairwise, batch, batch, first)
        lowest = min(lowest, metrics["entropy"])
    assert lowest > 0.1
    assert 0.15 < metrics["entropy"] < 0.6


def test_the_policy_learns_from_the_model():
    controller = make_controller(flat(*[3] * 8), SMALL, seed=0)
    run(controller, pairwise, 60)
    assert isinstance(controller, GuidedReinforce)
    given, temperature = np.full((200, 8), -1), np.ones(200)
    drawn = controller._policy.sample((9, 9, 9), given, temperature)
    hot = controller._policy.sample((9, 9, 9), given, 5 * temperature)
    assert (
        np.mean([pairwise(tuple(string)) for string in drawn.tolist()]) > 5.5
    )  # a uniform one: 3.2, the best 7.5
    assert np.mean([pairwise(tuple(string)) for string in hot.tolist()]) < 5


def test_it_continues_from_a_checkpoint_and_compiles_once(tmp_path):
    space = flat(2, 3, 4)
    controller = make_controller(space, SMALL, seed=1)
    run(controller, lambda tokens: float(sum(tokens)), 13)
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(tmp_path / "state", controller.state())
    with ocp.StandardCheckpointer() as checkpointer:
        saved = checkpointer.restore(tmp_path / "state")
    functions: list[Any] = [_improve, _sample]
    compiled = [function._cache_size() for function in functions]
    resumed = make_controller(space, SMALL, seed=1)
    resumed.restore(saved)
    for first in range(13, 22, 3):
        assert resumed.propose(first, 3) == controller.propose(first, 3)
        one, two = (run(c, lambda tokens: float(sum(tokens)), 3, 3, first)[1] for c in (resumed, controller))
        assert one == two
    assert [function._cache_size() for function in functions] == compiled


def test_the_number_of_active_strings_is_bounded(monkeypatch):
    monkeypatch.setattr("nasctl.controllers.reward_model.model.MOST_ACTIVE", 20)
    monkeypatch.setattr("nasctl.controllers.reward_model.model.SLACK", 5)
    monkeypatch.setattr("nasctl.controllers.reward_model.model.MOST_FITTED", 15)
    controller, space = guided_without_lstm(flat(*[3] * 8)), flat(*[3] * 8)
    rewards, _ = run(controller, pairwise, 70)
    posterior = controller._model.posterior
    assert 20 <= len(posterior.rewards) <= 25
    assert max(rewards) in np.array(rewards)[controller._model._active]
    resumed = guided_without_lstm(space)
    resumed.restore(controller.state())
    assert resumed.propose(70, 3) == controller.propose(70, 3)
