"""Measures what a trial costs whose evaluator takes no time: in the process of the search, and in a worker process.
    python benchmarks/evaluators.py
    python benchmarks/evaluators.py --trials 1000 --controllers random --json evaluators.json

The searches take turns, each in its own process. The first trials are not counted, which excludes the start of the
worker and compilation. To compare with another version of nasctl, set PYTHONPATH to its source; an older one is
measured in the process of the search only.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WARM = 40
"""Trials before the clock starts."""

LINES = [f"p{i} in {{0, 1, 2, 3}}" for i in range(12)]
SPACE = "space choices\n" + "\n".join(LINES) + "\n"
MODULE = "def score(architecture):\n    return float(sum(architecture.tokens))\n"


def measure(executor: str, controller: str, trials: int) -> tuple[float, float]:
    """Searches once, and returns the seconds before the first trial and the milliseconds of each later one."""
    from nasctl.engine import Listener, search

    moments: list[float] = []

    class Clock(Listener):
        def trial_finished(self, trial: object, *, is_best: bool) -> None:
            moments.append(time.perf_counter())

    began = time.perf_counter()
    search(
        "plain.nas",
        "free_score:score",
        controller=controller,
        trials=trials + WARM,
        out="run",
        settings={"search": {"executor": executor}},
        listener=Clock(),
    )
    return moments[0] - began, 1000 * (moments[-1] - moments[WARM]) / (len(moments) - WARM - 1)


def measured_apart(executor: str, controller: str, trials: int) -> tuple[float, float]:
    """Runs `measure` in a process and a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "plain.nas").write_text(SPACE)
        (Path(folder) / "free_score.py").write_text(MODULE)
        command = [sys.executable, str(Path(__file__).resolve()), "--one", executor, controller, str(trials)]
        answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    first, each = json.loads(answer.splitlines()[-1])
    return first, each


def main() -> None:
    """Prints a table, and the ratio of both ways for each controller."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--controllers", nargs="+", default=["random", "reinforce"])
    parser.add_argument("--executors", nargs="+", default=["inline", "auto"])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        executor, controller, trials = options.one
        print(json.dumps(measure(executor, controller, int(trials))))
        return
    results: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for controller in options.controllers:
        ways = results[controller] = {executor: [] for executor in options.executors}
        for _ in range(options.rounds):
            for executor in options.executors:
                ways[executor].append(measured_apart(executor, controller, options.trials))
        for executor, rounds in ways.items():
            first, each = (statistics.median(column) for column in zip(*rounds, strict=True))
            print(f"{controller:10} {executor:7} {each:7.3f} ms a trial   first trial after {first:.2f} s")
        if set(ways) >= {"inline", "auto"}:
            ratios = [
                worker[1] / inline[1] for worker, inline in zip(ways["auto"], ways["inline"], strict=True)
            ]
            print(f"{controller:10} in a worker: {statistics.median(ratios):.2f} times as long as inline")
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
