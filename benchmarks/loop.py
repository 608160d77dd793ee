"""What a trial costs beside its child: proposing, storing durably and learning, against Optuna with its SQLite storage.

    python benchmarks/loop.py
    python benchmarks/loop.py --trials 100 1000 10000 --json loop.json

Both search one space of plain choices under the same function, which takes no time, and make every trial durable when
it is reported: nasctl so that it outlives the process (one write a trial), Optuna as its storage is set up (a flush to
the disk for each parameter, so it is given 100 trials at most; `TMPDIR=/dev/shm` takes the disk out of it). The two
take turns, and each is measured in a process of its own, after its first trials, so that start-up and compilation do
not count. Optuna is the extra `benchmark`.
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
from collections.abc import Mapping, Sequence
from pathlib import Path

DECISIONS, CHOICES = 28, 4
WARM = 20
"""Trials before the clock starts."""


def score(tokens: Sequence[int]) -> float:
    """A cheap reward with interactions between neighbours."""
    pairs = itertools.pairwise(tokens)
    return sum(tokens) / len(tokens) + sum(0.5 for left, right in pairs if (left + right) % CHOICES == 1)


def nasctl_milliseconds(trials: int, controller: Mapping[str, object]) -> float:
    """Milliseconds a trial of nasctl."""
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
    return 1000 * (moments[-1] - moments[WARM - 1]) / trials


def optuna_milliseconds(trials: int, sampler: str) -> float:
    """Milliseconds a trial of Optuna."""
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
    return 1000 * (moments[-1] - moments[WARM - 1]) / trials


SLOW = 100
"""Trials of Optuna, whatever the others have: it waits for the disk at every parameter that it suggests."""

CONTENDERS = {
    "nasctl, random": lambda trials: nasctl_milliseconds(trials, {"kind": "random"}),
    "nasctl, local search": lambda trials: nasctl_milliseconds(trials, {"kind": "local"}),
    "nasctl, LSTM without the reward model": lambda trials: nasctl_milliseconds(
        trials, {"reward_model": False}
    ),
    "nasctl, LSTM with the reward model": lambda trials: nasctl_milliseconds(trials, {}),
    "Optuna, random, SQLite": lambda trials: optuna_milliseconds(min(trials, SLOW), "random"),
    "Optuna, TPE, SQLite": lambda trials: optuna_milliseconds(min(trials, SLOW), "tpe"),
}


def measured(name: str, trials: int) -> float:
    """One measurement, in a process of its own."""
    command = [sys.executable, __file__, "--only", name, "--trials", str(trials)]
    environment = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    return float(done.stdout.split()[-1])


def main() -> None:
    """Reads the command line, measures and prints a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, nargs="+", default=[1000])
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each, whose median is shown")
    parser.add_argument("--json", type=Path, help="where to write the numbers")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(CONTENDERS[options.only](options.trials[0]))
        return
    found: dict[str, dict[int, list[float]]] = {name: {n: [] for n in options.trials} for name in CONTENDERS}
    for _ in range(options.rounds):
        for count in options.trials:
            for name in CONTENDERS:
                found[name][count].append(measured(name, count))
    print(
        "milliseconds a trial, after so many trials".ljust(44) + "".join(f"{n:>12,}" for n in options.trials)
    )
    for name, times in found.items():
        cells = [f"{statistics.median(times[count]):.2f}".rjust(12) for count in options.trials]
        print(name.ljust(44) + "".join(cells), flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
