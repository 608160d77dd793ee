"""Memory of the search process and of its workers as a search goes on: it should not grow.

    python benchmarks/memory.py
    python benchmarks/memory.py --space spaces/cnn.nas --trials 300 --at 10 100 300

Real children, each trained for an epoch; resident memory as `ps` reports it, in megabytes.
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
    """Reads the memory of this process and of its children when some numbers of trials are done."""

    def __init__(self, at: list[int]) -> None:
        self._at = at
        self._done = 0
        print("trials".rjust(8) + "search".rjust(10) + "   workers, MB", flush=True)

    def trial_finished(self, trial: object, *, is_best: bool) -> None:
        """Counts a trial."""
        self._done += 1
        if self._done in self._at:
            search, workers = resident()
            print(f"{self._done:>8}{search:>10.0f}   " + "  ".join(f"{w:.0f}" for w in workers), flush=True)


def resident() -> tuple[float, list[float]]:
    """Resident megabytes of this process, and of each worker that it started."""
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
    """Reads the command line and searches."""
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
