"""Properties of every controller: valid and reproducible proposals, no duplicates, restorable state."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_spaces import flat, layered, spaces
from uniform_policy import guided_without_lstm

from nasctl.config import ControllerConfig
from nasctl.controllers import Observation, make_controller
from nasctl.errors import NasctlError

MAKERS = {
    "random": lambda space, seed: make_controller(space, ControllerConfig(kind="random"), seed=seed),
    "local": lambda space, seed: make_controller(space, ControllerConfig(kind="local"), seed=seed),
    "evolution": lambda space, seed: make_controller(space, ControllerConfig(kind="evolution"), seed=seed),
    "guided": guided_without_lstm,
}
LEARNING = ["local", "evolution", "guided"]


def worth(tokens, failing=0):
    """A reward with interactions between decisions. About one in `failing` strings fails."""
    key = sum((index + 2) * (token + 2) ** 2 for index, token in enumerate(tokens))
    return None if failing and key % failing == 0 else float(key % 17) + 0.1 * sum(tokens)


def run(controller, first, trials, reward=worth, outstanding=0):
    """Runs trials one by one. The rewards of the `outstanding` latest trials are pending at each proposal."""
    tried, pending = [], []
    for trial in range(first, first + trials):
        (tokens,) = controller.propose(trial, 1, pending=tuple(pending))
        tried.append(tokens)
        pending.append(tokens)
        while len(pending) > outstanding:
            done = pending.pop(0)
            controller.observe([Observation(done, reward(done))])
    return tried, pending


@pytest.mark.parametrize("name", MAKERS)
@settings(max_examples=6, deadline=None)
@given(space=spaces(), seed=st.integers(0, 1000), failing=st.sampled_from([0, 2, 3]))
def test_proposals_are_valid_in_any_space_and_follow_its_schedule(name, space, seed, failing):
    controller = MAKERS[name](space, seed)
    for trial in range(32):
        (tokens,) = controller.propose(trial, 1)
        assert space.validate(tokens) == tokens
        for decision, token in space.forced(trial).items():
            assert tokens[decision] == token
        (other,) = controller.propose(trial, 1, attempt=1, pending=(tokens,))
        assert space.validate(other) == other
        controller.observe([Observation(tokens, worth(tokens, failing))])


@pytest.mark.parametrize("name", LEARNING)
@pytest.mark.parametrize("outstanding", [0, 4])
def test_no_tried_or_pending_string_is_proposed(name, outstanding):
    tried, _ = run(MAKERS[name](layered(depths=(3,)), 1), 0, 80, outstanding=outstanding)
    assert len(set(tried)) == len(tried)


@pytest.mark.parametrize("name", LEARNING)
def test_an_exhausted_space_is_searched_again(name):
    tried, _ = run(MAKERS[name](flat(2, 2), 0), 0, 12)
    assert len(set(tried)) == 4


@pytest.mark.parametrize("name", MAKERS)
def test_proposing_changes_no_state_and_a_batch_equals_single_proposals(name):
    space = layered(depths=(2, 3), every=30)
    controller = MAKERS[name](space, 2)
    _, pending = run(controller, 0, 26, outstanding=2)
    together = controller.propose(26, 4, pending=tuple(pending))
    assert controller.propose(26, 4, pending=tuple(pending)) == together
    single = []
    for trial in range(26, 30):
        single += controller.propose(trial, 1, pending=(*pending, *single))
    assert single == together


@pytest.mark.parametrize("name", MAKERS)
def test_a_restored_controller_continues_identically(name):
    space = layered(depths=(2, 3), every=30)

    def failing(tokens):
        return worth(tokens, failing=5)

    controller = MAKERS[name](space, 3)
    _, pending = run(controller, 0, 45, failing, outstanding=1)
    resumed = MAKERS[name](space, 3)
    resumed.restore({key: array.copy() for key, array in controller.state().items()})
    for trial in range(45, 65):
        proposals = controller.propose(trial, 1, pending=pending)
        assert resumed.propose(trial, 1, pending=pending) == proposals
        for each in (controller, resumed):
            each.observe([Observation(pending[0], failing(pending[0]))])
        pending = proposals
    for key, array in controller.state().items():
        np.testing.assert_array_equal(resumed.state()[key], array)


@pytest.mark.parametrize("name", LEARNING)
def test_a_state_is_a_copy_and_is_refused_for_another_space(name):
    controller = MAKERS[name](flat(2, 3, 3), 0)
    run(controller, 0, 5)
    state = controller.state()
    kept = {key: array.copy() for key, array in state.items()}
    run(controller, 5, 5)
    assert all(np.array_equal(state[key], kept[key]) for key in kept)
    with pytest.raises(NasctlError, match="does not fit"):
        MAKERS[name](flat(2, 3), 0).restore(state)


@pytest.mark.parametrize("kind", ["random", "local", "evolution"])
def test_initial_strings_are_proposed_first_and_observed(kind):
    space = flat(4, 4, 4, 4)
    init = [(3, 3, 3, 2), (0, 0, 0, 0)]
    controller = make_controller(space, ControllerConfig(kind=kind), seed=0, init=init)
    assert controller.propose(0, 2) == init
    first_three = controller.propose(0, 3)
    assert first_three[:2] == init and controller.propose(2, 1, pending=init) == first_three[2:]
    assert controller.propose(0, 1, attempt=1, pending=init[:1]) != init[:1]
    controller.observe([Observation(tokens, float(sum(tokens))) for tokens in init])
    if kind == "local":  # the better one is its position
        (next_string,) = controller.propose(2, 1)
        assert sum(a != b for a, b in zip(next_string, init[0], strict=True)) == 1


def test_initial_strings_must_be_valid_in_the_space():
    with pytest.raises(NasctlError, match="takes 2 tokens"):
        make_controller(flat(2, 3), ControllerConfig(kind="local"), seed=0, init=[(0, 0, 0)])


@pytest.mark.parametrize("kind", ["reinforce", "random"])
def test_seeds_that_differ_only_above_32_bits_give_other_proposals(kind):
    config = ControllerConfig(kind=kind, preset="paper")
    space = flat(8, 8, 8, 8, 8, 8)
    low, high = (make_controller(space, config, seed=seed) for seed in (5, 5 + 2**32))
    assert low.propose(0, 4) != high.propose(0, 4)
