"""Measures how well and how fast the searchers search, all of them in one run.
    python benchmarks/controller.py --table nbmacro.npz --seeds 20 --trials 300
    python benchmarks/controller.py --table nbmacro.npz --batch 1 5 10 --only default
    python benchmarks/controller.py --synthetic --seeds 20 --trials 300
    python benchmarks/controller.py --long --seeds 5 --trials 300
    python benchmarks/controller.py --speed

`searchers.py` has the searchers, `rewards.py` the tables and the synthetic functions, `long_spaces.py` the spaces of
`--long` and their reward. Regret is the best reward of a table minus the best one found. Every trial counts, also one
that repeats another. The figures in the documentation were measured on one core: OMP_NUM_THREADS=1
XLA_FLAGS="--xla_cpu_multi_thread_eigen=false".
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from long_spaces import reward, spaces
from rewards import SYNTHETIC, NoNetworks, flat_space, read_table
from searchers import SEARCHERS, Maker

from nasctl.config import ControllerConfig
from nasctl.controllers import Controller, Observation, make_controller
from nasctl.space import AnchorPoint, Decision, Space, Tokens

CHECKPOINTS = (100, 300, 1000, 3000)


@dataclass(frozen=True)
class Problem:
    """A space and its reward, as searched with one seed.
    Attributes:
      space: The space.
      reward: The reward of a string.
      best: The largest reward of any string, or None if it is not known.
    """

    space: Space
    reward: Callable[[Tokens], float]
    best: float | None


Problems = Callable[[int], Problem]
"""Makes the problem of a seed."""


def problems(options: argparse.Namespace) -> Iterator[tuple[str, Problems]]:
    """Yields the problems that the command line asks for, by name."""
    for path in options.table or ():
        table = read_table(path, options.reward)
        problem = Problem(
            flat_space(table.sizes), lambda t, table=table: float(table.reward(np.array([t]))[0]), table.best
        )
        yield path.stem, lambda seed, problem=problem: problem
    for name, family in SYNTHETIC.items() if options.synthetic else ():

        def fresh(seed: int, family=family) -> Problem:
            table = family(seed)
            return Problem(
                flat_space(table.sizes), lambda t: float(table.reward(np.array([t]))[0]), table.best
            )

        yield f"{name}, a new function for each seed", fresh
    for name, space in spaces().items() if options.long else ():
        yield name, lambda seed, space=space: Problem(space, lambda t: reward(space, t), None)


@dataclass(frozen=True)
class SearchResult:
    """The result of one search.

    Attributes:
      rewards: Rewards of the trials, in order.
      milliseconds: Controller time per trial.
      entropy: Entropy of the policy at the end and at its lowest, as a share of a uniform policy's; NaN if the
        searcher has no policy.
    """

    rewards: np.ndarray
    milliseconds: float
    entropy: tuple[float, float]


def search(controller: Controller, problem: Problem, trials: int, batch: int) -> SearchResult:
    """Runs one search, and times the controller alone."""
    rewards: list[float] = []
    entropies = [float("nan")]
    spent = 0.0
    while len(rewards) < trials:
        began = time.perf_counter()
        proposals = controller.propose(len(rewards), batch)
        spent += time.perf_counter() - began
        gained = [problem.reward(tokens) for tokens in proposals]
        began = time.perf_counter()
        metrics = controller.observe([Observation(t, r) for t, r in zip(proposals, gained, strict=True)])
        spent += time.perf_counter() - began
        entropies.append(metrics.get("entropy", float("nan")))
        rewards += gained
    lowest = min((e for e in entropies if e == e), default=float("nan"))
    return SearchResult(np.array(rewards[:trials]), 1000 * spent / len(rewards), (entropies[-1], lowest))


def compare(
    name: str,
    problem_of: Problems,
    searchers: dict[str, Maker],
    seeds: range,
    trials: int,
    batches: list[int],
) -> None:
    """Prints what each searcher found: the mean over seeds and its standard error."""
    reported = [count for count in CHECKPOINTS if count < trials] + [trials]
    first = problem_of(seeds[0])
    print(
        f"\n{name}: {len(first.space.decisions)} decisions, {first.space.size:.3g} strings, {len(seeds)} seeds"
    )
    print("best reward, by number of trials" if first.best is None else "regret, by number of trials")
    columns = [*(str(count) for count in reported), "last 100 mean", "entropy (lowest)", "ms per trial"]
    print("".ljust(14) + "".join(column.rjust(18) for column in columns))
    for searcher, make in searchers.items():
        for batch in batches or [0]:
            size = batch or make(first.space, 0).batch
            search(make(first.space, 0), first, 20, size)  # compiles what the searches below use
            rows, outcomes = [], []
            for seed in seeds:
                problem = problem_of(seed)
                outcome = search(make(problem.space, seed), problem, trials, size)
                best_so_far = np.maximum.accumulate(outcome.rewards)[np.array(reported) - 1]
                rows.append(
                    [
                        *(best_so_far if problem.best is None else problem.best - best_so_far),
                        outcome.rewards[-100:].mean(),
                    ]
                )
                outcomes.append(outcome)
            mean = np.mean(rows, axis=0)
            error = np.std(rows, axis=0, ddof=min(1, len(seeds) - 1)) / np.sqrt(len(seeds))
            cells = [f"{m:.3f} ± {e:.3f}" for m, e in zip(mean, error, strict=True)]
            last, least = (float(np.mean([r.entropy[i] for r in outcomes])) for i in (0, 1))
            cells.append("-" if last != last else f"{last:.2f} ({least:.2f})")
            cells.append(f"{np.mean([r.milliseconds for r in outcomes]):.2f}")
            label = f"{searcher}, {batch}" if batch else searcher
            print(label.ljust(14) + "".join(cell.rjust(18) for cell in cells), flush=True)


def layered_space(layers: int) -> Space:
    """Returns the space of Zoph & Le 2017, section 4.1, with strides and skip anchors: 15 layers are 180 decisions."""
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


def measure_speed(batch: int, repeats: int = 100) -> None:
    """Prints the cost of a trial without the reward model: its sampling, and its share of an update."""
    print(f"\nmilliseconds per trial, batches of {batch}, median of {repeats}; compilation in seconds")
    print("space".ljust(34) + "".join(c.rjust(11) for c in ("compile", "propose", "observe", "together")))
    spaces = {
        "30 plain decisions": flat_space((3,) * 30),
        "180 decisions, 15 layers, anchors": layered_space(15),
    }
    for name, space in spaces.items():
        controller = make_controller(space, ControllerConfig(batch=batch, reward_model=False), seed=0)
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
    """Prints a table for each problem."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--table", type=Path, nargs="+", help=".npz files of known rewards, see rewards.py")
    parser.add_argument(
        "--reward", help="name of the rewards in these files; by default, the first array of floats"
    )
    parser.add_argument(
        "--synthetic", action="store_true", help="families of synthetic functions, a new one for each seed"
    )
    parser.add_argument("--long", action="store_true", help="spaces of more than a hundred decisions")
    parser.add_argument("--speed", action="store_true", help="the cost of a trial without the reward model")
    parser.add_argument("--only", nargs="+", choices=SEARCHERS, help="compare only these searchers")
    parser.add_argument(
        "--batch", type=int, nargs="+", help="trials per update; by default, each searcher's own"
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--trials", type=int, default=300)
    options = parser.parse_args()
    names = options.only or [name for name in SEARCHERS if options.long or name != "no lstm"]
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    for name, problem_of in problems(options):
        compare(
            name, problem_of, {n: SEARCHERS[n] for n in names}, seeds, options.trials, options.batch or []
        )
    if options.speed:
        measure_speed(5)


if __name__ == "__main__":
    main()
