"""Plans how a recurrent cell is computed: which products are fused, and what is computed before the scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nasctl.graph import Graph, Shape
from nasctl.graph.ops.recurrent import cell_states


@dataclass(frozen=True)
class Step:
    """One call of a module within a cell.

    Attributes:
      name: The name of the module. For a fused product it derives from the node that is multiplied, otherwise it is the
        name of the node itself.
      fused: Whether the module multiplies one node with several matrices in one product.
      inputs: Indices of the nodes that the module reads.
      outputs: Indices of the nodes that the module computes: one, unless the step is fused.
    """

    name: str
    fused: bool
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class CellPlan:
    """How one time step of a cell is computed.

    Attributes:
      x: Index of the node that holds the cell's input; None if no node reads it.
      states: For each state the index of the node that holds it; None if no node reads it.
      precompute: The steps that depend on x alone. They are computed for all time steps before the scan.
      precomputed_nodes: Indices of the precomputed nodes that other steps or the outputs read.
      products: The fused products of states, in order. The cell begins with them.
      combine: All other steps, in order.
      outputs: Indices of the nodes that hold the new states.
    """

    x: int | None
    states: tuple[int | None, ...]
    precompute: tuple[Step, ...]
    precomputed_nodes: tuple[int, ...]
    products: tuple[Step, ...]
    combine: tuple[Step, ...]
    outputs: tuple[int, ...]

    @property
    def product_states(self) -> tuple[int, ...]:
        """The number of the state that each of `products` multiplies."""
        return tuple(self.states.index(step.inputs[0]) for step in self.products)


def plan_cell(cell: Graph, simplified: Graph) -> CellPlan:
    """Plans a cell.

    Args:
      cell: The cell before simplification, with all its states.
      simplified: Its normal form (`nasctl.graph.simplify`), which is the graph that is computed.
    """
    node_of_slot = {
        node.attributes["slot"]: index for index, node in enumerate(simplified.nodes) if node.op == "input"
    }
    states = tuple(node_of_slot.get(cell.nodes[index].attributes["slot"]) for index in cell_states(cell))
    available = {node_of_slot["x"]} if "x" in node_of_slot else set()
    before_scan: list[Step] = []
    in_scan: list[Step] = []
    for step in _steps(simplified):
        if available.issuperset(step.inputs):
            before_scan.append(step)
            available.update(step.outputs)
        else:
            in_scan.append(step)
    needed = {source for step in in_scan for source in step.inputs}.union(simplified.outputs)
    return CellPlan(
        x=node_of_slot.get("x"),
        states=states,
        precompute=tuple(before_scan),
        precomputed_nodes=tuple(sorted(needed & available)),
        products=tuple(step for step in in_scan if _multiplies_state(step, states)),
        combine=tuple(step for step in in_scan if not _multiplies_state(step, states)),
        outputs=simplified.outputs,
    )


def product_widths(step: Step, shapes: Sequence[Shape]) -> tuple[int, ...]:
    """Returns the number of units of each product of a fused step."""
    return tuple(shapes[index][0] for index in step.outputs)


def _multiplies_state(step: Step, states: Sequence[int | None]) -> bool:
    return step.fused and step.inputs[0] in states


def _steps(cell: Graph) -> list[Step]:
    """Lists the steps of a cell: one for each node, except that the products of one node are fused.

    Products with a bias and products without one form separate steps.
    """
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
