import jax
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nasctl.config import TrainingConfig
from nasctl.tasks import SupervisedTask
from nasctl.training.plan import epoch_order, plan_drawer, steps_of_epoch

sizes = st.tuples(st.integers(1, 60), st.integers(1, 70))


@given(sizes)
def test_an_epoch_has_as_few_steps_as_the_batch_allows_and_equal_ones(size: tuple[int, int]) -> None:
    examples, batch = size
    steps, equal = steps_of_epoch(examples, batch)
    assert steps == -(-examples // batch)
    assert equal <= batch
    assert (steps - 1) * equal < examples <= steps * equal or steps * equal - examples < steps


@settings(max_examples=6, deadline=None)
@given(sizes, st.integers(0, 5))
def test_every_example_counts_once_an_epoch(size: tuple[int, int], seed: int) -> None:
    examples, batch = size
    positions, counts = map(np.asarray, epoch_order(jax.random.key(seed), examples, batch))
    assert sorted(positions[counts]) == list(range(examples))
    assert positions.min() >= 0 and positions.max() < examples
    assert positions.shape == steps_of_epoch(examples, batch)


def test_the_order_differs_from_epoch_to_epoch(blobs: SupervisedTask) -> None:
    draw = plan_drawer(blobs, 16)
    first, second, again = (draw(jax.random.key(seed)) for seed in (0, 1, 0))
    assert not np.array_equal(first.positions, second.positions)
    assert not np.array_equal(first.variations, second.variations)
    assert np.array_equal(first.positions, again.positions)


def test_one_program_draws_for_all_children_of_a_task(blobs: SupervisedTask) -> None:
    assert plan_drawer(blobs, 16) is plan_drawer(blobs, 16)
    plain = TrainingConfig(augment=False)
    assert plan_drawer(blobs.configured(plain), 16) is plan_drawer(blobs.configured(plain), 16)
