"""How well and how fast the controllers search: against a table of known rewards, and in milliseconds a trial.

    python benchmarks/controller.py --table nbmacro.npz --seeds 20 --trials 300
    python benchmarks/controller.py

A table is an `.npz` of one of two forms:

- every string of a space: `X` (strings × decisions, indices of choices) and an array of rewards, one a string, or
  one a string and training seed, whose mean is taken (`--reward NAME`, the first such array of floats if not given);
- a quadratic function: `cards` (number of choices of each decision), `w0`, `w1` (one a choice) and `w2` (one a pair
  of choices of two decisions, pairs in lexicographic order); its optimum is not known.

Without a table only the speed is measured. One core is enough, and is what the numbers in the documentation are from:
XLA_FLAGS="--xla_cpu_multi_thread_eigen=false".
"""

from __future__ import annotations

import argparse
import itertools
import math
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nasctl.config import ControllerConfig
from nasctl.controllers import Controller, Observation, make_controller
from nasctl.graph.graph import Graph
from nasctl.space import AnchorPoint, Decision, Space, Value

CONTROLLERS = {
    "random": ControllerConfig(kind="random"),
    "default": ControllerConfig(),
    "paper": ControllerConfig(preset="paper"),
}
CHECKPOINTS = (100, 300, 1000, 3000)


@dataclass(frozen=True)
class NoNetworks:
    """The program of spaces that are only scored."""

    def graph(self, values: Mapping[str, Value]) -> Graph:
        """There is none."""
        raise NotImplementedError

    def to_json(self) -> dict[str, object]:
        """Nothing that a graph depends on."""
        return {}


@dataclass(frozen=True)
class Table:
    """A space with a known reward.

    Attributes:
      sizes: Number of choices of each decision.
      reward: Rewards of strings, an array (strings, decisions).
      best: The largest reward there is, or None if it is not known.
    """

    sizes: tuple[int, ...]
    reward: Callable[[np.ndarray], np.ndarray]
    best: float | None


def read_table(path: Path, reward_name: str | None) -> Table:
    """Reads a table of one of the two forms."""
    arrays = np.load(path)
    if "w2" in arrays:
        return quadratic(arrays)
    strings = arrays["X"].astype(np.int64)
    candidates = [n for n in arrays if arrays[n].dtype.kind == "f" and len(arrays[n]) == len(strings)]
    name = reward_name or candidates[0]
    rewards = arrays[name].astype(float)
    rewards = rewards if rewards.ndim == 1 else rewards.mean(axis=1)
    sizes = tuple(int(size) for size in strings.max(axis=0) + 1)
    distinct = len(np.unique(strings, axis=0))
    if distinct < math.prod(sizes):
        sys.exit(f"{path} has {distinct:,} of the {math.prod(sizes):,} strings: every string is needed")
    values = np.empty(sizes)
    values[tuple(strings.T)] = rewards
    return Table(sizes, lambda tokens: values[tuple(tokens.T)], float(values.max()))


def quadratic(arrays: Mapping[str, np.ndarray]) -> Table:
    """The function w0 + Σ w1[choice] + Σ w2[pair of choices]."""
    sizes = tuple(int(size) for size in arrays["cards"])
    first = np.cumsum([0, *sizes])
    pairs = np.zeros((first[-1], first[-1]))
    weights = iter(np.asarray(arrays["w2"], float))
    for a, b in itertools.combinations(range(len(sizes)), 2):
        for i, j in itertools.product(range(sizes[a]), range(sizes[b])):
            pairs[first[a] + i, first[b] + j] = next(weights)

    def reward(tokens: np.ndarray) -> np.ndarray:
        chosen = np.zeros((len(tokens), first[-1]))
        np.put_along_axis(chosen, tokens + first[:-1], 1.0, axis=1)
        return arrays["w0"] + chosen @ arrays["w1"] + ((chosen @ pairs) * chosen).sum(-1)

    return Table(sizes, reward, None)


def flat_space(sizes: tuple[int, ...]) -> Space:
    """Decisions of kinds of their own, as the rows of a table have them."""
    decisions = tuple(Decision(f"p{i}", f"p{i}", tuple(range(size))) for i, size in enumerate(sizes))
    return Space("table", "benchmark", decisions, NoNetworks())


def layered_space(layers: int) -> Space:
    """Convolutions with strides and skip anchors (Zoph & Le 2017, section 4.1): 15 layers are 180 decisions."""
    sets = {"height": (1, 3, 5, 7), "width": (1, 3, 5, 7), "down": (1, 2, 3), "right": (1, 2, 3)}
    decisions: list[Decision] = []
    points: list[AnchorPoint] = []
    for layer in range(1, layers + 1):
        for kind, choices in {**sets, "filters": (24, 36, 48, 64)}.items():
            decisions.append(Decision(f"layer{layer}.{kind}", kind, choices))
        sources = tuple(range(layer - 1))
        points.append(AnchorPoint(f"layer{layer}.skip", layer, len(decisions), sources))
        decisions += [Decision(f"layer{layer}.skip.{j + 1}", "anchor", (0, 1)) for j in sources]
    return Space("layers", "benchmark", tuple(decisions), NoNetworks(), tuple(points))


def search(controller: Controller, reward: Callable[[np.ndarray], np.ndarray], trials: int) -> np.ndarray:
    """Rewards of a search's trials in order, every trial counted."""
    rewards: list[float] = []
    while len(rewards) < trials:
        proposals = controller.propose(len(rewards), controller.batch)
        batch = [float(value) for value in reward(np.array(proposals))]
        controller.observe([Observation(t, r) for t, r in zip(proposals, batch, strict=True)])
        rewards += batch
    return np.array(rewards[:trials])


def compare(table: Table, seeds: int, trials: int) -> None:
    """Prints the best reward found, the mean over seeds, after some numbers of trials."""
    space = flat_space(table.sizes)
    reported = [count for count in CHECKPOINTS if count < trials] + [trials]
    print(f"{len(table.sizes)} decisions, {space.size:,} strings; mean of {seeds} seeds ± standard error")
    if table.best is not None:
        print(f"the best is {table.best:.4f}; regret of the best found after so many trials:")
    else:
        print("best found after so many trials:")
    columns = [*(str(count) for count in reported), "last 100 mean"]
    print("controller".ljust(12) + "".join(column.rjust(20) for column in columns) + "ms a trial".rjust(14))
    for name, config in CONTROLLERS.items():
        search(make_controller(space, config, seed=0), table.reward, 16)  # compiles
        rows = []
        started = time.perf_counter()
        for seed in range(seeds):
            rewards = search(make_controller(space, config, seed=seed), table.reward, trials)
            found = np.maximum.accumulate(rewards)[np.array(reported) - 1]
            shown = found if table.best is None else table.best - found
            rows.append([*shown, rewards[-100:].mean()])
        milliseconds = 1000 * (time.perf_counter() - started) / (seeds * trials)
        mean = np.mean(rows, axis=0)
        error = np.std(rows, axis=0, ddof=min(1, seeds - 1)) / np.sqrt(seeds)
        cells = [f"{m:.3f} ± {e:.3f}".rjust(20) for m, e in zip(mean, error, strict=True)]
        print(name.ljust(12) + "".join(cells) + f"{milliseconds:.2f}".rjust(14), flush=True)


def measure_speed(batch: int, repeats: int = 100) -> None:
    """Prints what a trial costs: sampling it, and its share of an update."""
    print(f"\nmilliseconds a trial, batches of {batch}, median of {repeats}; compilation in seconds")
    print("space".ljust(34) + "".join(c.rjust(11) for c in ("compile", "propose", "observe", "together")))
    spaces = {
        "30 plain decisions": flat_space((3,) * 30),
        "180 decisions, 15 layers, anchors": layered_space(15),
    }
    for name, space in spaces.items():
        controller = make_controller(space, ControllerConfig(batch=batch), seed=0)
        started = time.perf_counter()
        proposing, observing = [], []
        compiling = 0.0
        for repeat in range(repeats + 1):
            before = time.perf_counter()
            proposals = controller.propose(repeat * batch, batch)
            between = time.perf_counter()
            controller.observe([Observation(tokens, float(sum(tokens))) for tokens in proposals])
            after = time.perf_counter()
            if repeat == 0:
                compiling = after - started
                continue
            proposing.append(1000 * (between - before) / batch)
            observing.append(1000 * (after - between) / batch)
        propose, observe = statistics.median(proposing), statistics.median(observing)
        cells = (f"{compiling:.1f}", f"{propose:.3f}", f"{observe:.3f}", f"{propose + observe:.3f}")
        print(name.ljust(34) + "".join(cell.rjust(11) for cell in cells), flush=True)


def main() -> None:
    """Reads the command line and prints the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--table", type=Path, help="an .npz file of known rewards")
    parser.add_argument("--reward", help="name of the rewards in it")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--batch", type=int, default=5, help="children a batch where the speed is measured")
    options = parser.parse_args()
    if options.table is not None:
        compare(read_table(options.table, options.reward), options.seeds, options.trials)
    measure_speed(options.batch)


if __name__ == "__main__":
    main()
