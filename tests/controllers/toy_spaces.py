"""Spaces for the tests of controllers, built from data classes, without the language and without networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

from nasctl.graph.graph import Graph
from nasctl.space import AnchorPoint, Clause, Decision, Schedule, Space, Value


@dataclass(frozen=True)
class NoProgram:
    def graph(self, values: Mapping[str, Value]) -> Graph:
        raise NotImplementedError

    def to_json(self) -> dict[str, object]:
        return {}


def space_of(*decisions: Decision, anchors=(), schedule=None) -> Space:
    return Space("toy", "toy", decisions, NoProgram(), tuple(anchors), schedule)


def flat(*sizes: int) -> Space:
    """Independent decisions of different kinds."""
    return space_of(*(Decision(f"p{i}", f"p{i}", tuple(range(size))) for i, size in enumerate(sizes)))


def layered(depths=(2, 3, 4), every: int = 10) -> Space:
    """Layers with a type, hyperparameters of that type, and anchor points, under a depth schedule.

    A layer may be fed by any layer before it, but a pool (type 1) takes no second input from a pool; the last
    decision is taken only if layer 2 is fed by layer 1.
    """
    decisions = [Decision("layers", "layers", tuple(depths))]
    points: list[AnchorPoint] = []
    kinds_at: list[int] = []
    for layer in range(1, depths[-1] + 1):
        reached = tuple(token for token, depth in enumerate(depths) if depth >= layer)
        when = () if layer <= depths[0] else (Clause(0, reached),)
        kind = len(decisions)
        kinds_at.append(kind)
        decisions.append(Decision(f"layer{layer}.type", "type", ("conv", "pool"), when))
        decisions.append(
            Decision(f"layer{layer}.filters", "filters", (24, 36, 48), (*when, Clause(kind, (0,))))
        )
        decisions.append(Decision(f"layer{layer}.size", "size", (2, 3), (*when, Clause(kind, (1,)))))
        points.append(AnchorPoint(f"layer{layer}.skip", layer, len(decisions), tuple(range(layer - 1))))
        for source in range(1, layer):
            extra = (Clause(kinds_at[source - 1], (0,)),) if source % 2 == 0 else ()
            decisions.append(Decision(f"layer{layer}.skip.{source}", "anchor", (0, 1), (*when, *extra)))
    decisions.append(Decision("merge", "merge", ("add", "concat"), (Clause(points[1].at, (1,)),)))
    return space_of(*decisions, anchors=points, schedule=Schedule(0, every))


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    """Any mixture of decisions under conditions, anchor points and a depth schedule."""
    decisions: list[Decision] = []
    points: list[AnchorPoint] = []
    sizes = {"a": 2, "b": 3, "c": 5}

    def when(before: int) -> tuple[Clause, ...]:
        asked = draw(st.lists(st.integers(0, before - 1), max_size=2, unique=True)) if before else []
        return tuple(
            Clause(
                index,
                tuple(sorted(draw(st.sets(st.integers(0, len(decisions[index].choices) - 1), min_size=1)))),
            )
            for index in asked
        )

    scheduled = draw(st.booleans())
    if scheduled:
        decisions.append(Decision("depth", "depth", (1, 2, 3)))
    for _ in range(draw(st.integers(1, 6))):
        if draw(st.booleans()):
            kind = draw(st.sampled_from(sorted(sizes)))
            name = f"d{len(decisions)}"
            decisions.append(Decision(name, kind, tuple(range(sizes[kind])), when(len(decisions))))
        else:
            sources = tuple(sorted(draw(st.sets(st.sampled_from(range(len(points)))))) if points else ())
            first = len(decisions)
            points.append(AnchorPoint(f"p{len(points)}", len(points), first, sources))
            common = draw(st.booleans())
            shared = when(first)
            for source in sources:
                own = shared if common else when(first)
                decisions.append(Decision(f"p{len(points) - 1}.{source}", "anchor", (0, 1), own))
    if len(decisions) == scheduled:
        decisions.append(Decision("last", "a", (0, 1)))
    return space_of(*decisions, anchors=points, schedule=Schedule(0, 4) if scheduled else None)
