"""Measures the overhead of a trial (propose, store durably, learn), in nasctl and in Optuna with SQLite storage.
    python benchmarks/loop.py
    python benchmarks/loop.py --at 100 1000 10000 --json loop.json

Both search the same space of plain decisions with the same function, which takes almost no time. Both make every trial
durable when it is reported. nasctl writes once per trial, so that trials survive the end of the process. Optuna's
storage flushes to the disk for each parameter, so it gets at most 100 trials by default; `TMPDIR=/dev/shm` puts the
storage in memory. The searchers take turns, each on one core and in its own process. The first trials are not counted,
which excludes the start of the process and compilation.

For each number of trials there are two figures: the mean of all trials so far, and the mean of the last 100, which
shows growth. Optuna is required: `pip install '.[benchmark]'`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

DECISIONS, CHOICES = 28, 4
WARM, LAST = 20, 100
"""Trials before the clock starts, and the number of latest trials whose mean is shown."""


def score(tokens: Sequence[int]) -> float:
    """Returns a cheap reward with interactions between neighbouring decisions."""
    pairs = itertools.pairwise(tokens)
    return sum(tokens) / len(tokens) + sum(0.5 for left, right in pairs if (left + right) % CHOICES == 1)


def with_nasctl(trials: int, controller: Mapping[str, object]) -> list[float]:
    """Runs a search by nasctl and returns the time at which each trial ended."""
    import nasctl
    from nasctl.dialects import parse_space
    from nasctl.engine import Listener

    lines = [f"p{i} in {{{', '.join(map(str, range(CHOICES)))}}}" for i in range(DECISIONS)]
    space = parse_space("space choices\n" + "\n".join(lines) + "\n", name="plain")
    moments: list[float] = []

    class Clock(Listener):
        def trial_finished(self, trial: object, *, is_best: bool) -> None:
            moments.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as folder:
        nasctl.search(
            space,
            lambda architecture: score(architecture.tokens),
            trials=trials + WARM,
            out=Path(folder) / "run",
            settings={"controller": controller},
            listener=Clock(),
        )
    return moments


def with_optuna(trials: int, sampler: str) -> list[float]:
    """Runs a search by Optuna and returns the time at which each trial ended."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    moments: list[float] = []

    def objective(trial: optuna.Trial) -> float:
        return score([trial.suggest_categorical(f"p{i}", list(range(CHOICES))) for i in range(DECISIONS)])

    with tempfile.TemporaryDirectory() as folder:
        study = optuna.create_study(
            storage=f"sqlite:///{folder}/study.db",
            direction="maximize",
            sampler={"tpe": optuna.samplers.TPESampler, "random": optuna.samplers.RandomSampler}[sampler](
                seed=0
            ),
        )
        study.optimize(
            objective, n_trials=trials + WARM, callbacks=[lambda *_: moments.append(time.perf_counter())]
        )
    return moments


SEARCHES: dict[str, Callable[[int], list[float]]] = {
    "nasctl, random": lambda trials: with_nasctl(trials, {"kind": "random"}),
    "nasctl, local search": lambda trials: with_nasctl(trials, {"kind": "local"}),
    "nasctl, evolution": lambda trials: with_nasctl(trials, {"kind": "evolution"}),
    "nasctl, LSTM without the reward model": lambda trials: with_nasctl(trials, {"reward_model": False}),
    "nasctl, LSTM with the reward model": lambda trials: with_nasctl(trials, {}),
    "Optuna, random, SQLite": lambda trials: with_optuna(trials, "random"),
    "Optuna, TPE, SQLite": lambda trials: with_optuna(trials, "tpe"),
}


class Cost(NamedTuple):
    """Milliseconds per trial: the mean so far, and the mean of the last 100."""

    mean: float
    last: float


def costs(moments: Sequence[float], at: Sequence[int]) -> dict[int, Cost]:
    """Returns the cost of a trial after each of the given numbers of trials."""
    found = {}
    for count in at:
        end, last = moments[WARM + count - 1], min(LAST, count)
        found[count] = Cost(
            1000 * (end - moments[WARM - 1]) / count, 1000 * (end - moments[WARM + count - last - 1]) / last
        )
    return found


def measured(name: str, at: Sequence[int]) -> dict[int, Cost]:
    """Runs one search in its own process, on one core."""
    command = [sys.executable, __file__, "--only", name, "--at", *map(str, at)]
    environment = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    return costs(json.loads(done.stdout.splitlines()[-1]), at)


def main() -> None:
    """Measures each searcher and prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--at", type=int, nargs="+", default=[100, 1000], help="numbers of trials")
    parser.add_argument("--optuna-at-most", type=int, default=100, help="largest number of trials for Optuna")
    parser.add_argument("--rounds", type=int, default=3, help="searches of each; the median is shown")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(SEARCHES[options.only](max(options.at))))
        return
    found: dict[str, list[dict[int, Cost]]] = {name: [] for name in SEARCHES}
    for _ in range(options.rounds):
        for name, rounds in found.items():
            most = options.optuna_at_most if name.startswith("Optuna") else max(options.at)
            rounds.append(measured(name, [count for count in options.at if count <= most] or [most]))
    print("milliseconds per trial, by number of trials: mean of all, mean of the last 100")
    print(" " * 38 + "".join(f"{count:>16,}" for count in options.at))
    for name, rounds in found.items():
        cells = []
        for count in options.at:
            at = [one[count] for one in rounds if count in one]
            medians = [f"{statistics.median(figures):.2f}" for figures in zip(*at, strict=True)]
            cells.append(("  ".join(medians) or "-").rjust(16))
        print(name.ljust(38) + "".join(cells), flush=True)
    if options.json:
        rows = {name: [{n: c._asdict() for n, c in one.items()} for one in r] for name, r in found.items()}
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
