"""Creation of controllers from settings."""

import subprocess
import sys

import pytest
from toy_spaces import flat, layered

from nasctl.config import ControllerConfig
from nasctl.controllers import Observation, RandomSearch, make_controller
from nasctl.controllers.presets import PRESETS, hyperparameters
from nasctl.errors import NasctlError

KINDS = [
    ControllerConfig(kind="random"),
    ControllerConfig(hidden=8, reward_model=False),
    ControllerConfig(preset="paper", hidden=8),
]


@pytest.mark.parametrize("config", KINDS, ids=["random", "default", "paper"])
def test_proposals_are_valid_follow_the_schedule_and_depend_on_the_trial_alone(config):
    space = layered(depths=(2, 3, 4), every=10)
    controller = make_controller(space, config, seed=3)
    proposals = controller.propose(4, 23)
    assert len(proposals) == 23
    for trial, tokens in enumerate(proposals, start=4):
        assert space.validate(tokens) == tokens
        assert tokens[0] == space.forced(trial)[0]
    assert [controller.propose(trial, 1)[0] for trial in range(4, 27)] == proposals
    assert make_controller(space, config, seed=3).propose(4, 23) == proposals
    assert make_controller(space, config, seed=4).propose(4, 23) != proposals
    assert len(set(proposals)) > 15


@pytest.mark.parametrize("config", KINDS, ids=["random", "default", "paper"])
def test_a_rejected_proposal_is_followed_by_a_different_one(config):
    controller = make_controller(layered(), config, seed=3)
    attempts = [controller.propose(7, 1, attempt=attempt)[0] for attempt in range(12)]
    assert attempts[0] == controller.propose(7, 1)[0]
    assert len(set(attempts)) > 6
    assert controller.propose(6, 3, attempt=5)[1] == attempts[5]


@pytest.mark.parametrize("config", KINDS, ids=["random", "default", "paper"])
def test_a_state_with_another_name_is_refused(config):
    state = make_controller(flat(2, 3), config, seed=0).state()
    other = make_controller(flat(2, 3), config, seed=1)
    other.restore(state)
    with pytest.raises(NasctlError, match="does not fit the controller: more"):
        other.restore({**state, "more": next(iter(state.values()))})


def test_a_state_of_another_space_is_refused():
    state = make_controller(flat(2, 3), KINDS[1], seed=0).state()
    with pytest.raises(NasctlError, match="shape"):
        make_controller(flat(2, 3, 4), KINDS[1], seed=0).restore(state)


def test_unknown_kinds_are_refused():
    with pytest.raises(NasctlError, match="controller.kind cannot be `magic`"):
        make_controller(flat(2), ControllerConfig(kind="magic"), seed=0)


def test_settings_override_the_preset():
    assert hyperparameters(ControllerConfig(preset="paper")) == PRESETS["paper"]
    changed = hyperparameters(
        ControllerConfig(batch=3, hidden=9, learning_rate=0.5, barrier=0.0, baseline_decay=0.5)
    )
    assert (changed.batch, changed.hidden, changed.learning_rate) == (3, 9, 0.5)
    assert (changed.barrier, changed.baseline_decay, changed.layers) == (0.0, 0.5, 1)


@pytest.mark.parametrize(
    "wrong",
    [{"batch": -1}, {"hidden": -5}, {"learning_rate": -0.1}, {"baseline_decay": 1.0}, {"preset": "x"}],
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(NasctlError, match=f"controller.{next(iter(wrong))}"):
        hyperparameters(ControllerConfig(**wrong))


def test_random_search_needs_no_jax():
    code = (
        "import sys; from nasctl.config import ControllerConfig; from nasctl.controllers import make_controller;"
        "from toy_spaces import flat; make_controller(flat(2), ControllerConfig(kind='random'), seed=0).propose(0, 2);"
        "sys.exit('jax' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=__file__.rpartition("/")[0]).returncode == 0


def test_random_search_is_uniform():
    tokens = make_controller(flat(4), ControllerConfig(kind="random"), seed=0).propose(0, 4000)
    counts = [tokens.count((token,)) for token in range(4)]
    assert max(counts) < 1100 and min(counts) > 900


def test_random_search_counts_its_observations():
    search = RandomSearch(flat(2), seed=0)
    search.observe([Observation((0,), 1.0), Observation((1,), None)])
    assert int(search.state()["observed"]) == 2
