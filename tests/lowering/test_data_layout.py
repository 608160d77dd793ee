"""The layout of values between ops, and modules that declare `examples_last` or do not."""

import jax.numpy as jnp
import numpy as np

from nasctl.lowering.data_layout import apply, channel_axis, examples_first, examples_last

MAPS = jnp.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)  # 2 examples of 3 by 4 positions in 5 channels


def test_maps_have_the_examples_last_and_other_values_first() -> None:
    assert examples_last(MAPS).shape == (3, 4, 5, 2)
    assert channel_axis(examples_last(MAPS)) == 2
    np.testing.assert_array_equal(examples_first(examples_last(MAPS)), MAPS)
    for value in (MAPS[0, 0], MAPS[0]):
        assert examples_last(value) is value
        assert channel_axis(value) == value.ndim - 1


def test_a_module_is_called_with_the_layout_that_it_declares() -> None:
    class ExamplesFirst:
        def __call__(self, x):
            self.seen = x.shape
            return 2 * x

    class ExamplesLast(ExamplesFirst):
        examples_last = True

    last = examples_last(MAPS)
    for module, seen in ((ExamplesFirst(), MAPS.shape), (ExamplesLast(), last.shape)):
        np.testing.assert_array_equal(apply(module, [last]), 2 * last)
        assert module.seen == seen


def test_a_module_may_return_vectors_for_maps() -> None:
    np.testing.assert_array_equal(
        apply(lambda maps: maps.mean((1, 2)), [examples_last(MAPS)]), MAPS.mean((1, 2))
    )
