"""Measures the memory of the search process and its workers during a search. It should not grow.
    python benchmarks/memory.py
    python benchmarks/memory.py --space spaces/cnn.nas --trials 300 --at 10 100 300

Each trial trains a real child for one epoch. The figures are resident megabytes as `ps` reports them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

import nasctl
from nasctl.engine import Listener


class Watch(Listener):
    """Prints the memory of this process and its workers after the given numbers of trials."""

    def __init__(self, at: list[int]) -> None:
        self._at = at
        self._done = 0
        print("trials".rjust(8) + "search".rjust(10) + "   workers, MB", flush=True)

    def trial_finished(self, trial: object, *, is_best: bool) -> None:
        """Counts the trial, and prints the memory if this is one of the given numbers."""
        self._done += 1
        if self._done in self._at:
            search, workers = resident()
            print(f"{self._done:>8}{search:>10.0f}   " + "  ".join(f"{w:.0f}" for w in workers), flush=True)


def resident() -> tuple[float, list[float]]:
    """Returns the resident megabytes of this process and of each worker that it started."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,rss=,args="], capture_output=True, text=True, check=True
    )
    search, workers = 0.0, []
    for line in listed.stdout.splitlines():
        process, parent, kilobytes, command = line.split(None, 3)
        if int(process) == os.getpid():
            search = int(kilobytes) / 1024
        elif int(parent) == os.getpid() and "nasctl.executors.worker" in command:
            workers.append(int(kilobytes) / 1024)
    return search, workers


def main() -> None:
    """Runs the search."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--space", default="spaces/tiny.nas")
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--at", type=int, nargs="+", default=[10, 30, 100, 200, 300])
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        nasctl.search(
            options.space,
            controller="random",
            trials=options.trials,
            out=Path(folder) / "run",
            settings={
                "training": {"epochs": 1},
                "search": {"workers": options.workers, "executor": "local", "duplicates": "repeat"},
            },
            listener=Watch(options.at),
        )


if __name__ == "__main__":
    main()
