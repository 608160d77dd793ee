"""Measures which form of a convolution is the fastest on this CPU, layer by layer, and whether the rule chooses it.
    python benchmarks/convolution_forms.py [--rounds 5] [--every 1] [--json FILE]

A training step of one layer (output and both gradients) runs in a scan, on batches of 64. Each axis is read whole (w),
by its phases (p) or by its taps (t). The forms take turns. The figure is the fastest round, in processor seconds, which
other processes disturb less than wall time. The rule is `select_unfoldings` of `nasctl.lowering.convolution.selection`;
its regret is the time of the form that it chooses over that of the fastest form.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import time
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from nasctl.lowering.convolution import selection
from nasctl.lowering.convolution.axis import Axis, centred_axis
from nasctl.process import configure_process

BATCH = 64


class Layer(NamedTuple):
    """A convolution on square maps."""

    size: int
    kernel: tuple[int, int]
    stride: int
    channels: int
    filters: int

    @property
    def axes(self) -> list[Axis]:
        """The vertical and the horizontal axis."""
        return [centred_axis(self.size, window, self.stride)[0] for window in self.kernel]

    @property
    def forms(self) -> dict[str, selection.Unfoldings]:
        """All ways to read the two axes, by two letters: the vertical axis first."""
        named = (zip("twp", selection.unfoldings_of(axis), strict=False) for axis in self.axes)
        return {down[0] + across[0]: (down[1], across[1]) for down, across in itertools.product(*named)}

    @property
    def rule(self) -> str:
        """The form that the rule chooses."""
        height, width = self.axes
        chosen = selection.select_unfoldings(height, width, self.channels, self.filters)
        return next(name for name, readings in self.forms.items() if readings == chosen)


LAYERS = [
    *itertools.starmap(
        Layer, itertools.product((8, 32), ((3, 3), (7, 7), (1, 5), (5, 1)), (1, 2), (144,), (48,))
    ),
    *itertools.starmap(Layer, itertools.product((8, 32), ((3, 3), (7, 7)), (1, 3), (1, 3), (36,))),
    *itertools.starmap(Layer, itertools.product((4, 16, 64), ((3, 3), (5, 5)), (1, 2), (48,), (48,))),
]


def milliseconds(layer: Layer, rounds: int) -> dict[str, float]:
    """Returns the processor milliseconds of a training step of the layer in each form."""
    random = np.random.default_rng(0)
    maps = jnp.asarray(random.standard_normal((layer.size, layer.size, layer.channels, BATCH), np.float32))
    kernel = jnp.asarray(
        0.01 * random.standard_normal((*layer.kernel, layer.channels, layer.filters), np.float32)
    )
    programs = {name: compiled(form, layer.stride, maps, kernel) for name, form in layer.forms.items()}
    taken: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds + 1):  # the first round warms up
        for name, (program, steps) in programs.items():
            started = time.process_time()
            jax.block_until_ready(program(maps, kernel))
            taken[name].append(1e3 * (time.process_time() - started) / steps)
    return {name: min(times) for name, times in taken.items()}


def compiled(form: selection.Unfoldings, stride: int, maps: jax.Array, kernel: jax.Array) -> tuple[Any, int]:
    """Compiles a scan over dependent training steps; returns it with the number of steps."""
    chosen = selection.select_unfoldings
    selection.select_unfoldings = lambda *layer: form
    steps = max(2, 2**22 // maps.size)

    def step(operands: tuple[jax.Array, jax.Array], _: None) -> tuple[tuple[jax.Array, jax.Array], None]:
        output, gradients_of = jax.vjp(lambda x, w: selection.convolve(x, w, (stride, stride)), *operands)
        maps_gradient, kernel_gradient = gradients_of(output)
        return (operands[0] + 1e-9 * maps_gradient, operands[1] - 1e-9 * kernel_gradient), None

    try:
        program = jax.jit(lambda *operands: lax.scan(step, operands, length=steps)[0])
        return program.lower(maps, kernel).compile(), steps
    finally:
        selection.select_unfoldings = chosen


def main() -> None:
    """Prints a line for each layer, and the mean regret of the rule."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds, of which the fastest counts")
    parser.add_argument("--every", type=int, default=1, help="measure every n-th layer only")
    parser.add_argument("--json", type=Path, help="write the figures to a file")
    given = parser.parse_args()
    configure_process()
    rows = []
    print("maps    kernel  stride  channels  filters   rule   regret   milliseconds")
    for layer in LAYERS[:: given.every]:
        found = milliseconds(layer, given.rounds)
        regret = found[layer.rule] / min(found.values())
        rows.append({**layer._asdict(), "milliseconds": found, "rule": layer.rule, "regret": regret})
        times = "  ".join(f"{name} {time:.2f}" for name, time in found.items())
        print(
            f"{layer.size:<8}{layer.kernel[0]}×{layer.kernel[1]}{layer.stride:>8}{layer.channels:>10}{layer.filters:>9}"
            f"{layer.rule:>7}{regret:>9.2f}   {times}",
            flush=True,
        )
    print(
        f"regret of the rule, geometric mean: {statistics.geometric_mean(row['regret'] for row in rows):.3f}"
    )
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
