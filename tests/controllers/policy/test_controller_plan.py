"""Spaces compiled to steps and conditions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_spaces import flat, layered, space_of, spaces

from nasctl.controllers.policy.plan import ABSENT, make_plan
from nasctl.errors import NasctlError
from nasctl.space import AnchorPoint, Clause, Decision, sample_uniform


def test_a_decision_is_a_step():
    plan = make_plan(flat(2, 3, 4))
    assert plan.decision.tolist() == [0, 1, 2]
    assert plan.points == 0
    assert plan.kind.tolist() == [0, 1, 2]
    assert plan.kind_sizes.tolist() == [2, 3, 4]


def test_the_bits_of_an_anchor_point_are_one_step():
    # 3 layers: per layer `filters`, then bits for the layers before it
    decisions, points = [], []
    for layer in range(3):
        decisions.append(Decision(f"layer{layer}.filters", "filters", (24, 36)))
        points.append(AnchorPoint(f"layer{layer}.skip", layer, len(decisions), tuple(range(layer))))
        decisions += [Decision(f"layer{layer}.skip.{j}", "anchor", (0, 1)) for j in range(layer)]
    plan = make_plan(space_of(*decisions, anchors=points))
    assert plan.decision.tolist() == [0, ABSENT, 1, ABSENT, 3, ABSENT]
    assert plan.point.tolist() == [ABSENT, 0, ABSENT, 1, ABSENT, 2]
    assert plan.bits.tolist() == [[-1, -1, -1], [2, -1, -1], [4, 5, -1]]
    assert plan.kind_sizes.tolist() == [2]


@given(spaces())
def test_every_decision_occurs_exactly_once(space):
    plan = make_plan(space)
    listed = np.concatenate([plan.decision[plan.choice_steps], plan.anchor_decisions])
    assert listed[plan.decision_order].tolist() == list(range(len(space.decisions)))
    assert plan.steps == len(plan.choice_steps) + len(plan.point_steps)


@given(spaces(), st.integers(0, 1000))
def test_conditions_updated_token_by_token_agree_with_the_decisions(space, seed):
    conditions = make_plan(space).conditions
    tokens = sample_uniform(space, np.random.default_rng(seed), space.forced(seed % 20))
    holds = np.ones(conditions.count, bool)
    for index, decision in enumerate(space.decisions):
        assert holds[conditions.condition_of[index]] == decision.active(tokens)
        holds &= conditions.still_holds[conditions.row_of[index], tokens[index] + 1]


def test_equal_conditions_are_shared():
    space = layered(depths=(2, 4))
    layer_3_and_4 = {d.when for d in space.decisions if d.name in ("layer3.type", "layer4.type")}
    assert len(layer_3_and_4) == 1
    condition_of = make_plan(space).conditions.condition_of
    names = [decision.name for decision in space.decisions]
    assert condition_of[names.index("layer3.type")] == condition_of[names.index("layer4.type")] != 0
    assert condition_of[names.index("layer1.type")] == 0


def test_sources_of_one_point_cannot_depend_on_each_other():
    decisions = (
        Decision("a", "a", (0, 1)),
        Decision("p2.0", "anchor", (0, 1)),
        Decision("p2.1", "anchor", (0, 1), (Clause(1, (1,)),)),
    )
    points = (AnchorPoint("p0", 0, 0, ()), AnchorPoint("p1", 1, 1, ()), AnchorPoint("p2", 2, 1, (0, 1)))
    with pytest.raises(NasctlError, match=r"p2\.1 cannot depend on another source of p2"):
        make_plan(space_of(*decisions, anchors=points))
