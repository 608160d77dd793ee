"""What every searcher keeps: valid strings, the same ones again, none twice, and a state that is all that matters."""

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
    """A reward with interactions; every so many strings fail."""
    key = sum((index + 2) * (token + 2) ** 2 for index, token in enumerate(tokens))
    return None if failing and key % failing == 0 else float(key % 17) + 0.1 * sum(tokens)


def run(controller, first, trials, reward=worth, awaited=0):
    """Trials one by one; the newest `awaited` rewards are still out when the next string is asked for."""
    tried, pending = [], []
    for trial in range(first, first + trials):
        (tokens,) = controller.propose(trial, 1, pending=tuple(pending))
        tried.append(tokens)
        pending.append(tokens)
        while len(pending) > awaited:
            done = pending.pop(0)
            controller.observe([Observation(done, reward(done))])
    return tried, pending


@pytest.mark.parametrize("name", MAKERS)
@settings(max_examples=15, deadline=None)
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
@pytest.mark.parametrize("awaited", [0, 4])
def test_nothing_is_tried_twice_and_nothing_that_is_pending(name, awaited):
    tried, _ = run(MAKERS[name](layered(depths=(3,)), 1), 0, 80, awaited=awaited)
    assert len(set(tried)) == len(tried)


@pytest.mark.parametrize("name", LEARNING)
def test_a_space_that_was_tried_to_the_end_is_no_end(name):
    tried, _ = run(MAKERS[name](flat(2, 2), 0), 0, 12)
    assert len(set(tried)) == 4


@pytest.mark.parametrize("name", MAKERS)
def test_asking_changes_nothing_and_several_are_one_after_the_other(name):
    space = layered(depths=(2, 3), every=30)
    controller = MAKERS[name](space, 2)
    _, pending = run(controller, 0, 26, awaited=2)
    together = controller.propose(26, 4, pending=tuple(pending))
    assert controller.propose(26, 4, pending=tuple(pending)) == together
    single = []
    for trial in range(26, 30):
        single += controller.propose(trial, 1, pending=(*pending, *single))
    assert single == together


@pytest.mark.parametrize("name", MAKERS)
def test_a_restored_controller_goes_on_as_if_nothing_had_happened(name):
    space = layered(depths=(2, 3), every=30)

    def failing(tokens):
        return worth(tokens, failing=5)

    controller = MAKERS[name](space, 3)
    _, pending = run(controller, 0, 45, failing, awaited=1)
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
def test_a_state_is_a_copy_and_has_to_be_of_the_same_space(name):
    controller = MAKERS[name](flat(2, 3, 3), 0)
    run(controller, 0, 5)
    state = controller.state()
    kept = {key: array.copy() for key, array in state.items()}
    run(controller, 5, 5)
    assert all(np.array_equal(state[key], kept[key]) for key in kept)
    with pytest.raises(NasctlError, match="does not fit"):
        MAKERS[name](flat(2, 3), 0).restore(state)


@pytest.mark.parametrize("kind", ["random", "local", "evolution"])
def test_given_strings_come_first_and_are_learned_from(kind):
    space = flat(4, 4, 4, 4)
    init = [(3, 3, 3, 2), (0, 0, 0, 0)]
    controller = make_controller(space, ControllerConfig(kind=kind), seed=0, init=init)
    assert controller.propose(0, 2) == init
    first_three = controller.propose(0, 3)
    assert first_three[:2] == init and controller.propose(2, 1, pending=init) == first_three[2:]
    assert controller.propose(0, 1, attempt=1, pending=init[:1]) != init[:1]
    controller.observe([Observation(tokens, float(sum(tokens))) for tokens in init])
    if kind == "local":  # it stands on the better of them
        (next_string,) = controller.propose(2, 1)
        assert sum(a != b for a, b in zip(next_string, init[0], strict=True)) == 1


def test_given_strings_have_to_be_of_the_space():
    with pytest.raises(NasctlError, match="takes 2 tokens"):
        make_controller(flat(2, 3), ControllerConfig(kind="local"), seed=0, init=[(0, 0, 0)])
