"""A long search of a function that costs nothing, under everything that can happen to it, with a report.

    python tests/fuzz/soak.py --trials 20000

Two workers evaluate. All the while, workers and the search are killed (`kill -9`), the disk is filled to its last byte
and freed again, and readers poll the run. At the end every trial must be there once, with the architecture and the
reward that it has in a search that nothing happens to; and the memory and the open files of the search must not have
grown. The disk is a file system in memory, which root can mount; others run the search on the disk of the temporary
folder, which is not filled.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SPACE = "space choices\n\n" + "".join(f"{name} in 1..8\n" for name in "abcdef")
EVALUATOR = """\
def score(architecture):
    return {"reward": float(sum(architecture.tokens)), "first": float(architecture.tokens[0])}
"""
BYTES_PER_TRIAL = 1500
"""Room on the disk for each trial. A trial needs about a third of it."""
SPARE_BYTES = 6 * 2**20
"""Room on the disk for the rest: the log of the database, the states of the controller, the logs of the workers."""


@dataclass
class Sample:
    """What the search uses at a moment.

    Attributes:
      session: Number of the start of the search.
      trials: Number of recorded trials.
      megabytes: Memory of its process.
      files: Number of its open files.
    """

    session: int
    trials: int
    megabytes: float
    files: int


@dataclass
class Report:
    """What happened, and what is wrong."""

    events: Counter[str] = field(default_factory=Counter)
    samples: list[Sample] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    trials: int = 0
    seconds: float = 0.0
    plain_seconds: float = 0.0

    def growth(self) -> list[tuple[int, Sample, Sample]]:
        """For each longer session: its number, an early sample and a late one."""
        sessions: dict[int, list[Sample]] = {}
        for sample in self.samples:
            sessions.setdefault(sample.session, []).append(sample)
        pairs = []
        for number, found in sessions.items():
            first, last = found[0].trials, found[-1].trials
            running = [s for s in found if first + (last - first) / 5 <= s.trials < last]
            if len(running) >= 4:
                pairs.append((number, running[0], running[-1]))
        return pairs


class Soak:
    """A search in a folder, and what happens to it.

    Args:
      folder: An empty folder.
      disk: The folder of the run.
      trials: Number of trials.
      seed: Seed of what happens, and of the search.
      pause: Mean seconds between two events.
    """

    def __init__(self, folder: Path, disk: Path, trials: int, *, seed: int, pause: float) -> None:
        self._folder = folder
        self._disk = disk
        self._run = disk / "run"
        self._trials = trials
        self._seed = seed
        self._pause = pause
        self._chance = random.Random(seed)
        self._report = Report(trials=trials)
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = threading.Event()
        self._session = 0
        (folder / "soak.nas").write_text(SPACE, encoding="utf-8")
        (folder / "soak_scores.py").write_text(EVALUATOR, encoding="utf-8")

    def run(self) -> Report:
        """Searches to the end, and reports."""
        threads = [
            threading.Thread(target=loop, daemon=True) for loop in (self._attack, self._read, self._watch)
        ]
        started = time.monotonic()
        for thread in threads:
            thread.start()
        while not self._is_complete():
            self._session += 1
            self._search_once()
        self._ended.set()
        for thread in threads:
            thread.join()
        self._report.seconds = time.monotonic() - started
        self._check_end()
        return self._report

    def _search_once(self) -> None:
        """Starts or resumes the search, and waits for its end."""
        begun = (self._run / "run.json").is_file()
        command = ["search", "soak.nas", "--out", str(self._run), "--evaluator", "soak_scores:score"]
        if begun:
            command += ["--resume", "--set", f"search.trials={self._trials}"]
        else:
            shutil.rmtree(self._run, ignore_errors=True)
            command += ["--controller", "random", "--seed", str(self._seed), "--trials", str(self._trials)]
            command += ["--executor", "local", "--workers", "2", "--set", "search.duplicates=repeat"]
            command += ["--set", "search.ahead=8"]
        with (self._folder / "search.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "nasctl", *command], cwd=self._folder, stdout=log, stderr=log
            )
        code = self._process.wait()
        self._report.events[f"search ended with {code}"] += 1
        if code not in (0, -signal.SIGKILL) and not self._report.events["disk filled"]:
            self._report.wrong.append(f"the search ended with {code}: {_tail(self._folder / 'search.log')}")
        if self._report.events.total() > 10_000 or self._session > 500:
            raise RuntimeError(f"the search does not end: {_tail(self._folder / 'search.log')}")

    def _attack(self) -> None:
        """Kills workers and the search, and fills the disk."""
        while not self._ended.wait(self._chance.expovariate(1 / self._pause)):
            process = self._process
            if process is None or process.poll() is not None or not _recorded(self._run):
                continue
            what = self._chance.choices(("worker", "search", "disk"), (8, 1, 1))[0]
            if what == "worker":
                workers = _workers_of(process.pid)
                if workers:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(self._chance.choice(workers), signal.SIGKILL)
                        self._report.events["worker killed"] += 1
            elif what == "search":
                process.kill()
                self._report.events["search killed"] += 1
            elif os.path.ismount(self._disk):
                self._fill_disk(process)

    def _fill_disk(self, process: subprocess.Popen[bytes]) -> None:
        """Fills the disk until the search has ended, at most for some seconds."""
        self._report.events["disk filled"] += 1
        ballast = self._disk / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        ballast.unlink()

    def _read(self) -> None:
        """Polls the run by commands and in this process. No reader may fail, and no trial may disappear or change."""
        known: list[tuple[Any, ...]] = []
        while not self._ended.wait(0.5):
            if not _recorded(self._run):
                continue
            for command in ("status", "trials"):
                done = subprocess.run(
                    [sys.executable, "-m", "nasctl", command, str(self._run), "--json"],
                    capture_output=True,
                    check=False,
                )
                self._report.events[f"read by {command}"] += 1
                if done.returncode:
                    self._report.wrong.append(
                        f"{command} ended with {done.returncode}: {done.stderr.decode()[-300:]}"
                    )
                else:
                    for line in done.stdout.splitlines():
                        json.loads(line)
            now = _trials(self._run)
            if known != now[: len(known)] and not set(known) <= set(now):
                self._report.wrong.append("a trial has disappeared or changed")
            known = now

    def _watch(self) -> None:
        """Samples the memory and the open files of the search."""
        while not self._ended.wait(0.25):
            process = self._process
            if process is None or process.poll() is not None:
                continue
            with contextlib.suppress(OSError, ValueError, IndexError):
                pages = int(Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()[1])
                files = len(os.listdir(f"/proc/{process.pid}/fd"))
                memory = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
                if recorded := _recorded(self._run):
                    self._report.samples.append(Sample(self._session, recorded, memory, files))

    def _is_complete(self) -> bool:
        return _recorded(self._run) >= self._trials

    def _check_end(self) -> None:
        report = self._report
        database = sqlite3.connect(self._run / "trials.sqlite")
        if database.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            report.wrong.append("the database is damaged")
        open_trials = database.execute("SELECT count(*) FROM open_trials").fetchone()[0]
        database.close()
        if open_trials:
            report.wrong.append(f"{open_trials} trials are open")
        found = _trials(self._run)
        report.statuses.update(status for _, _, status, _ in found)
        if [number for number, *_ in found] != list(range(self._trials)):
            report.wrong.append("the numbers of the trials are not 0, 1, 2, …")
        started = time.monotonic()
        plain = self._folder / "plain"
        command = [
            "search",
            "soak.nas",
            "--out",
            str(plain),
            "--evaluator",
            "soak_scores:score",
            "--controller",
            "random",
        ]
        command += ["--seed", str(self._seed), "--trials", str(self._trials), "--executor", "inline"]
        command += ["--set", "search.duplicates=repeat"]
        subprocess.run(
            [sys.executable, "-m", "nasctl", *command],
            cwd=self._folder,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        report.plain_seconds = time.monotonic() - started
        for one, other in zip(found, _trials(plain), strict=True):
            if one[:2] != other[:2] or (one[2] == "complete" and one != other):
                report.wrong.append(f"trial {one[0]} is {one} instead of {other}")
                break


@contextlib.contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """A file system of a size in bytes, if this user can mount one; else a folder."""
    disk = folder / "disk"
    disk.mkdir()
    mounted = (
        sys.platform == "linux"
        and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)],
            capture_output=True,
            check=False,
        ).returncode
        == 0
    )
    try:
        yield disk
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(disk)], check=True)


def soak(trials: int, *, seed: int = 0, pause: float = 1.5) -> Report:
    """Runs a soak in a temporary folder."""
    with (
        tempfile.TemporaryDirectory(prefix="nasctl-soak-") as folder,
        small_disk(Path(folder), trials * BYTES_PER_TRIAL + SPARE_BYTES) as disk,
    ):
        return Soak(Path(folder), disk, trials, seed=seed, pause=pause).run()


def main() -> int:
    """Runs a soak and prints its report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pause", type=float, default=1.5, help="mean seconds between two events")
    options = parser.parse_args()
    report = soak(options.trials, seed=options.seed, pause=options.pause)
    print(
        f"{report.trials:,} trials in {report.seconds:.0f} s: {report.trials / report.seconds:.0f} trials/s"
    )
    print(f"inline and undisturbed {report.trials / report.plain_seconds:.0f} trials/s")
    print("statuses: " + ", ".join(f"{status} {count:,}" for status, count in report.statuses.items()))
    for event, count in sorted(report.events.items()):
        print(f"  {count:>7,} × {event}")
    print("session   trials      memory in MB   open files")
    for number, first, last in report.growth():
        print(
            f"{number:>7}   {first.trials:,} to {last.trials:,}   {first.megabytes:.1f} to {last.megabytes:.1f}"
            f"   {first.files} to {last.files}"
        )
    for wrong in report.wrong:
        print(f"wrong: {wrong}")
    return 1 if report.wrong else 0


def _recorded(run: Path) -> int:
    """Number of recorded trials."""
    try:
        with contextlib.closing(
            sqlite3.connect(f"{(run / 'trials.sqlite').as_uri()}?mode=ro", uri=True)
        ) as database:
            return int(database.execute("SELECT count(*) FROM trials").fetchone()[0])
    except sqlite3.Error:
        return 0


def _trials(run: Path) -> list[tuple[Any, ...]]:
    from nasctl import Run

    return [(trial.number, trial.tokens, trial.status, trial.reward) for trial in Run(run).trials]


def _workers_of(process: int) -> list[int]:
    """The worker processes that a process has started."""
    workers = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = status.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if int(fields[1]) == process:
                workers.append(int(status.parent.name))
    return workers


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-500:]


if __name__ == "__main__":
    sys.exit(main())
