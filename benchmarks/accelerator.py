"""Measures how well child networks use a GPU: images per second, share of the matrix rate, cells trained at once.
    python benchmarks/accelerator.py [--networks 3] [--rounds 5] [--groups 1 8 32] [--json FILE]

1. The matrix rate: products of two random matrices of 8,192 rows, in float32 (TensorFloat-32, JAX's default) and in
   bfloat16.
2. Random networks of `spaces/cnn.nas` on 32×32 images, in batches of 64 and 512, in nasctl and in eager PyTorch, in
   both precisions (`training.precision`, `torch.autocast`). They train as in `children.py`: each in its own process, in
   turns of one epoch; the figures are wall time. A step counts as three times the FLOPs of its forward pass.
3. Cells of `spaces/rnn.nas` per hour, compilation included: each compiled by itself, and K at once in one program.

A GPU and PyTorch are required: `pip install '.[cuda,benchmark]'`.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

from children import LAYOUTS, OURS, Case, make_child, measure

ROWS = 8192
PRECISIONS = ("float32", "bfloat16")
TORCH = [f"cuda {layout}" for layout in LAYOUTS]
CASES = [
    Case("spaces/cnn.nas", 32, layers, steps=steps, batch=batch)
    for layers, batch, steps in ((6, 64, 64), (6, 512, 16), (15, 64, 32), (15, 512, 8))
]


def matrix_rate(dtype: str) -> float:
    """Returns the FLOP/s of a product of two matrices, the best of seven rounds."""
    import jax

    left, right = (jax.random.normal(jax.random.key(seed), (ROWS, ROWS), dtype) for seed in range(2))
    product = jax.jit(lambda a, b: a @ b)
    product(left, right).block_until_ready()
    seconds = []
    for _ in range(7):
        started = time.perf_counter()
        for _ in range(10):
            result = product(left, right)
        result.block_until_ready()
        seconds.append((time.perf_counter() - started) / 10)
    return 2 * ROWS**3 / min(seconds)


def step_flops(case: Case, seed: int) -> float:
    """Returns the FLOPs of a training step: the forward pass, and two gradients that cost as much each."""
    space, tokens, task = make_child(case, seed)
    return 3 * case.batch * space.decode(tokens).cost(task.signature).flops


def measure_networks(networks: int, rounds: int, rates: dict[str, float]) -> list[dict[str, Any]]:
    """Measures random networks, and prints a line for each network and precision."""
    print(
        f"ms per step: {', '.join([OURS, *LAYOUTS])}; PyTorch's shortest time over nasctl's; images/s; "
        "share of the matrix rate"
    )
    kinds = {dtype: [f"{kind} {dtype}" for kind in (OURS, *TORCH)] for dtype in PRECISIONS}
    rows = []
    for case in CASES:
        for seed in range(networks):
            found = measure(case, seed, [kind for both in kinds.values() for kind in both], rounds, [None])
            for dtype, names in kinds.items():
                ours, *theirs = [found[name]["alone"] for name in names]
                images, flops = 1e3 * case.batch / ours, 1e3 * step_flops(case, seed) / ours
                rows.append(
                    {
                        "case": str(case),
                        "batch": case.batch,
                        "network": seed,
                        "precision": dtype,
                        "figures": {name: found[name] for name in names},
                        "flops": flops,
                    }
                )
                print(
                    f"{case!s:<22} batch {case.batch:<4} {seed} {dtype:<9}"
                    + "".join(f"{ms:>9.2f}" for ms in (ours, *theirs))
                    + f"{min(theirs) / ours:>8.2f}{images:>10,.0f}/s  {flops / 1e12:.1f} TFLOP/s, "
                    f"{flops / rates[dtype]:.1%}; loss "
                    + ", ".join(f"{found[name]['loss']:.4f}" for name in names),
                    flush=True,
                )
    return rows


def main() -> None:
    """Prints the matrix rate, a line for each network, and cells per hour."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", type=int, default=3, help="networks per case")
    parser.add_argument("--rounds", type=int, default=5, help="epochs that are timed")
    parser.add_argument("--groups", type=int, nargs="*", default=[1, 8, 32], help="cells at once")
    parser.add_argument("--json", type=Path, help="write the figures to a file")
    given = parser.parse_args()
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"  # because several processes share the device
    import jax
    from recurrent import measure_children

    if jax.default_backend() == "cpu":
        parser.exit(0, "JAX finds no accelerator on this machine\n")
    rates = {dtype: matrix_rate(dtype) for dtype in PRECISIONS}
    print(
        f"{jax.devices()[0].device_kind}, JAX {jax.__version__}; products of {ROWS} rows: "
        + ", ".join(f"{rate / 1e12:.0f} TFLOP/s in {dtype}" for dtype, rate in rates.items()),
        flush=True,
    )
    rows = measure_networks(given.networks, given.rounds, rates)
    jax.config.update("jax_enable_compilation_cache", False)
    cells = {width: 60 * measure_children(width, max(width, 4)) for width in given.groups}
    print("cells per hour: " + ", ".join(f"{rate:,.0f} {width} at once" for width, rate in cells.items()))
    if given.json:
        given.json.write_text(json.dumps({"rates": rates, "networks": rows, "cells": cells}, indent=1) + "\n")


if __name__ == "__main__":
    main()
