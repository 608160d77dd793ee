"""The order in which a recurrent cell's graph is computed: which products are one, and what the scan need
not do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nasctl.graph import Graph, Shape
from nasctl.graph.ops.recurrent import cell_states


@dataclass(frozen=True)
class Step:
    """One module's call.

    Attributes:
      name: Name of the module: of the node that is read for products, of the node itself for other ops.
      fused: Whether it is the product of one node with several matrices.
      reads: Indices of the nodes that it reads.
      gives: Indices of the nodes whose values it computes; one but for fused products.
    """

    name: str
    fused: bool
    reads: tuple[int, ...]
    gives: tuple[int, ...]


@dataclass(frozen=True)
class CellPlan:
    """How one step of a cell is computed.

    Attributes:
      x: Index of the node that holds the step's input, or None where nothing reads it.
      states: For each state the index of the node that holds it, or None where nothing reads it.
      ahead: What depends on x alone, and so is computed for all steps of a sequence at once.
      handed: Indices of the nodes known ahead that the rest reads.
      products: Fused products of a state, in order: a step can begin with them.
      combine: The rest, in order.
      outputs: Indices of the nodes that hold the new states.
    """

    x: int | None
    states: tuple[int | None, ...]
    ahead: tuple[Step, ...]
    handed: tuple[int, ...]
    products: tuple[Step, ...]
    combine: tuple[Step, ...]
    outputs: tuple[int, ...]

    @property
    def reads(self) -> tuple[int, ...]:
        """The number of the state that each of `products` reads."""
        return tuple(self.states.index(step.reads[0]) for step in self.products)


def plan_cell(cell: Graph, simplified: Graph) -> CellPlan:
    """Plans a cell.

    Args:
      cell: The cell as it was written, with all its states.
      simplified: Its normal form, which is computed.
    """
    place = {
        node.attributes["slot"]: index for index, node in enumerate(simplified.nodes) if node.op == "input"
    }
    states = tuple(place.get(cell.nodes[index].attributes["slot"]) for index in cell_states(cell))
    known_ahead = {place["x"]} if "x" in place else set()
    ahead: list[Step] = []
    inside: list[Step] = []
    for step in _steps(simplified):
        if known_ahead.issuperset(step.reads):
            ahead.append(step)
            known_ahead.update(step.gives)
        else:
            inside.append(step)
    wanted = {source for step in inside for source in step.reads}.union(simplified.outputs)
    return CellPlan(
        x=place.get("x"),
        states=states,
        ahead=tuple(ahead),
        handed=tuple(sorted(wanted & known_ahead)),
        products=tuple(step for step in inside if _multiplies(step, states)),
        combine=tuple(step for step in inside if not _multiplies(step, states)),
        outputs=simplified.outputs,
    )


def product_widths(step: Step, shapes: Sequence[Shape]) -> tuple[int, ...]:
    """The units of each product of a fused step."""
    return tuple(shapes[index][0] for index in step.gives)


def _multiplies(step: Step, states: Sequence[int | None]) -> bool:
    return step.fused and step.reads[0] in states


def _steps(cell: Graph) -> list[Step]:
    """One step a node, but one for all products of a node that have a bias, and one for all that have
    none."""
    groups: dict[tuple[int, bool], list[int]] = {}
    for index, node in enumerate(cell.nodes):
        if node.op == "linear":
            groups.setdefault((node.inputs[0], bool(node.attributes.get("bias"))), []).append(index)
    mixed = {source for source, biased in groups if (source, not biased) in groups}
    steps = []
    for index, node in enumerate(cell.nodes):
        if node.op == "linear":
            source, biased = node.inputs[0], bool(node.attributes.get("bias"))
            members = tuple(groups[source, biased])
            if index == members[0]:
                name = cell.nodes[source].name + ("_biased" if biased and source in mixed else "")
                steps.append(Step(name, True, (source,), members))
        elif node.op != "input":
            steps.append(Step(node.name, False, node.inputs, (index,)))
    return steps
