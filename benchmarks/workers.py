"""Measures how many children per hour a search trains, by number of workers.
    python benchmarks/workers.py
    python benchmarks/workers.py --workers 1 2 4 8 --trials 40 --rounds 3 --json workers.json

Every search trains the same random children of a space with `nasctl search`, starting with an empty compilation cache.
The figures are the wall time from the start of the process to its end, and the processor time of all processes that it
started. The numbers of workers take turns, each with the whole machine. One worker on one core is measured too, because
one worker can keep more than one core busy.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from command import nasctl


class Search(NamedTuple):
    """The wall time and processor time of a search, in seconds."""

    wall: float
    processor: float


def search(space: str, trials: int, workers: int, cores: set[int]) -> Search:
    """Runs a search on the given cores."""
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        return _search(space, trials, workers)
    finally:
        os.sched_setaffinity(0, everywhere)


def _search(space: str, trials: int, workers: int) -> Search:
    with tempfile.TemporaryDirectory() as folder:
        options = ["--trials", str(trials), "--workers", str(workers), "--out", str(Path(folder) / "run")]
        before, started = _processor_seconds(), time.perf_counter()
        nasctl("search", space, "--controller", "random", *options, cache=folder)
        return Search(time.perf_counter() - started, _processor_seconds() - before)


def _processor_seconds() -> float:
    """Returns the processor time of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measures, and prints a line for each number of workers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--space", default="spaces/cnn.nas")
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    given = parser.parse_args()
    cores = os.sched_getaffinity(0)
    ways = {(1, 1): {min(cores)}} | {(count, len(cores)): cores for count in given.workers}
    found: dict[tuple[int, int], list[Search]] = {way: [] for way in ways}
    for _ in range(given.rounds):
        for (count, on), searches in found.items():
            searches.append(search(given.space, given.trials, count, ways[count, on]))
    print(f"{given.trials} children of {given.space}; medians of {given.rounds} rounds")
    print("workers   cores  children per hour   processor s   times the first")
    first = None
    for (count, on), searches in found.items():
        hourly = 3600 * given.trials / statistics.median(one.wall for one in searches)
        first = first or hourly
        processor = statistics.median(one.processor for one in searches)
        print(f"{count:>7}{on:>8}{hourly:>19.0f}{processor:>14.1f}{hourly / first:>18.2f}", flush=True)
    if given.json:
        rows = [
            {"workers": count, "cores": on, "searches": [one._asdict() for one in searches]}
            for (count, on), searches in found.items()
        ]
        given.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
