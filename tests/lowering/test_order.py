"""The order in which values lie between ops, and modules that know it or do not."""

import numpy as np

from nasctl.lowering.order import apply, channel_axis, examples_first, examples_last

MAPS = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)  # 2 examples of 3 by 4 places in 5 channels


def test_maps_lie_with_the_examples_last_and_all_else_first() -> None:
    assert examples_last(MAPS).shape == (3, 4, 5, 2)
    assert channel_axis(examples_last(MAPS)) == 2
    np.testing.assert_array_equal(examples_first(examples_last(MAPS)), MAPS)
    for value in (MAPS[0, 0], MAPS[0]):
        assert examples_last(value) is value
        assert channel_axis(value) == value.ndim - 1


def test_a_module_is_given_values_in_the_order_that_it_knows() -> None:
    class Unaware:
        def __call__(self, x):
            self.seen = x.shape
            return 2 * x

    class Aware(Unaware):
        examples_last = True

    lying = examples_last(MAPS)
    for module, seen in ((Unaware(), MAPS.shape), (Aware(), lying.shape)):
        np.testing.assert_array_equal(apply(module, [lying]), 2 * lying)
        assert module.seen == seen


def test_a_module_may_make_vectors_of_maps() -> None:
    np.testing.assert_array_equal(
        apply(lambda maps: maps.mean((1, 2)), [examples_last(MAPS)]), MAPS.mean((1, 2))
    )
