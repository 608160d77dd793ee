"""Chooses the number of units of a recurrent network by its number of parameters."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from nasctl.errors import NasctlError
from nasctl.graph.cost import measure_cost
from nasctl.graph.graph import Graph


def fit_units(graph: Graph) -> Graph:
    """Replaces the attribute `fit_params` of nodes by the largest `units` within that number of parameters.

    All of these nodes get the same units. Networks with different cells thus have comparable sizes: Zoph & Le 2017,
    section 4.2, give each cell as many parameters as a baseline.

    Args:
      graph: A graph that is bound except for the units of these nodes.

    Raises:
      NasctlError: The network has too many parameters even with one unit.
    """
    budget = max((_budget(node.attributes.get("fit_params")) for node in graph.nodes), default=0)
    if not budget:
        return graph

    @cache
    def params(units: int) -> int:
        return measure_cost(_sized(graph, units)).params

    if params(1) > budget:
        raise NasctlError(
            f"the network has at least {params(1):,} parameters on this task, which is more than {budget:,}",
            hint="allow more parameters",
        )
    # The number of parameters is nearly a quadratic function of the units, whose root is a good first guess.
    constant, linear, square = _parabola(params(1), params(2), params(3))
    units = max(1, int(_root(constant - budget, linear, square)))
    while params(units) > budget:
        units -= 1
    while params(units + 1) <= budget:
        units += 1
    return _sized(graph, units)


def _sized(graph: Graph, units: int) -> Graph:
    nodes = tuple(
        replace(
            node,
            attributes={key: value for key, value in node.attributes.items() if key != "fit_params"}
            | {"units": units},
        )
        if "fit_params" in node.attributes
        else node
        for node in graph.nodes
    )
    return replace(graph, nodes=nodes)


def _budget(attribute: object) -> int:
    return attribute if isinstance(attribute, int) else 0


def _parabola(at_1: int, at_2: int, at_3: int) -> tuple[float, float, float]:
    """Coefficients of 1, u and u² of the parabola with these values."""
    square = (at_3 - 2 * at_2 + at_1) / 2
    linear = at_2 - at_1 - 3 * square
    return at_1 - linear - square, linear, square


def _root(constant: float, linear: float, square: float) -> float:
    """The larger u with constant + linear u + square u² = 0."""
    if square == 0:
        return -constant / linear if linear else 1
    return float((-linear + (linear * linear - 4 * square * constant) ** 0.5) / (2 * square))
