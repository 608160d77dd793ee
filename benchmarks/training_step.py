"""Images a second of the training step, inside the scan over an epoch and outside it, and what compiling costs.

    python benchmarks/training_step.py [--layers 6] [--architectures 3] [--rounds 5] [--threads]

The two ways take turns in one run, and the fastest round of each counts, so that what else the machine does falls
on neither. Equal speed is what makes
an epoch one dispatch: XLA's CPU back-end loses a factor of 30 to 200 inside a loop on convolutions that are not
written in its canonical order. Random architectures of `spaces/cnn.nas` on the digits; compilation is timed without
a cache and from one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np

from nasctl.architecture import Architecture
from nasctl.config import TrainingConfig
from nasctl.dialects import load_space, parse_space
from nasctl.space.sampling import sample_uniform
from nasctl.tasks import Task, make_task
from nasctl.training.epoch import make_programs
from nasctl.training.evaluation import place
from nasctl.training.optimiser import make_optimiser
from nasctl.training.plan import plan_drawer
from nasctl.training.platform import cache_compilations, configure_platform


@dataclass(frozen=True)
class Measured:
    """Images a second, fastest of the rounds, and seconds to compile the epoch."""

    inside: float
    outside: float
    cold: float
    warm: float


def measure(architecture: Architecture, task: Task, config: TrainingConfig, rounds: int) -> Measured:
    """Times one architecture."""
    data, draw = place(task), plan_drawer(task, config.batch)
    programs, weights = make_programs(architecture.build(task.signature), task, config)
    momentum = make_optimiser(0.0, config).init(weights.parameters)
    plan = draw(jax.random.key(0))
    steps, batch = plan.positions.shape
    rates = np.full(steps, config.learning_rate, np.float32)
    plans = [jax.tree.map(lambda part, step=step: part[step], plan) for step in range(steps)]

    seconds = []
    for _ in range(2):
        jax.clear_caches()
        started = time.perf_counter()
        epoch = jax.jit(programs.train).lower(weights, momentum, data, plan, rates).compile()
        seconds.append(time.perf_counter() - started)
    step = jax.jit(programs.step).lower(weights, momentum, data, plans[0], rates[0]).compile()

    def inside() -> float:
        started = time.perf_counter()
        jax.block_until_ready(epoch(weights, momentum, data, plan, rates))
        return time.perf_counter() - started

    def outside() -> float:
        started = time.perf_counter()
        progress = (weights, momentum)
        for now, rate in zip(plans, rates, strict=True):
            progress, _ = step(*progress, data, now, rate)
        jax.block_until_ready(progress)
        return time.perf_counter() - started

    inside(), outside()
    times = [(inside(), outside()) for _ in range(rounds)]
    images = steps * batch
    inner, outer = (images / min(column) for column in zip(*times, strict=True))
    return Measured(inner, outer, *seconds)


def main() -> None:
    """Prints a line an architecture, and the geometric mean of the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--architectures", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dataset", default="digits")
    parser.add_argument("--threads", action="store_true", help="let one child use all cores")
    given = parser.parse_args()
    if given.threads:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=true"
    configure_platform()
    task, config = make_task(given.dataset), TrainingConfig()
    shipped = load_space("spaces/cnn.nas").source
    space = parse_space(shipped.replace("layers 6", f"layers {given.layers}"), name="cnn")
    print(f"{jax.devices()[0].device_kind}, {task.name}, {given.layers} layers, batch {config.batch}")
    print("           images/s in the scan   outside   ratio   compile cold   from the cache")
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        jax.config.update("jax_compilation_cache_dir", None)
        cache_compilations(Path(folder))
        for seed in range(given.architectures):
            architecture = Architecture(space, sample_uniform(space, np.random.default_rng(seed)))
            found = measure(architecture, task, config, given.rounds)
            ratios.append(found.inside / found.outside)
            print(
                f"network {seed:<3}{found.inside:>18,.0f}{found.outside:>14,.0f}{ratios[-1]:>8.2f}"
                f"{found.cold:>13.2f} s{found.warm:>15.2f} s"
            )
    print(f"inside over outside: {statistics.geometric_mean(ratios):.2f}")


if __name__ == "__main__":
    main()
