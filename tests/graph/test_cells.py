import pytest

from nasctl.dialects import load_space
from nasctl.graph import Graph, Signature, bind, measure_cost
from nasctl.graph.cells import KNOWN_CELLS, with_cell

TEXT = Signature((35,), 1_000)


def network() -> Graph:
    space = load_space("spaces/rnn.nas")
    return space.decode([0] * len(space.decisions)).graph


@pytest.mark.parametrize("name", KNOWN_CELLS)
def test_a_network_around_another_cell_has_as_many_parameters_as_it_may(name: str) -> None:
    other = with_cell(network(), KNOWN_CELLS[name](), params=150_000)
    bound = bind(other, TEXT)
    params = measure_cost(bound).params
    assert 0.95 * 150_000 < params <= 150_000
    assert [node.op for node in bound.nodes] == [node.op for node in network().nodes]
