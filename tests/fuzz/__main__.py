"""Runs nasctl on mutated inputs of every kind and prints how it ended.

python tests/fuzz --inputs 1000000 --jobs 2            # all kinds, each with its share
python tests/fuzz --inputs 5000 --kinds space,tokens   # some kinds
python tests/fuzz --only space:4711 --seed 1           # one input, with the traceback of its failure
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from kinds import KINDS
from running import GOOD, Kind, Outcome, Result, attempt, make_input, memory_limit

CHUNK = 250
"""Inputs that a process is given at a time."""

HANGS = 60
"""Seconds after which the process of an input is killed."""

Failure = tuple[str, int, Outcome]


@dataclass
class Chunk:
    """Inputs of one kind, by their numbers, and how they ended."""

    kind: str
    numbers: range
    results: Counter[Result] = field(default_factory=Counter)
    seconds: float = 0.0
    longest: float = 0.0
    failures: list[Failure] = field(default_factory=list)


class Job:
    """A process that tries inputs. It is replaced when an input ends it."""

    def __init__(self, seed: int) -> None:
        context = multiprocessing.get_context("fork")
        self.connection, inside = context.Pipe()
        self.current: Any = context.Value("q", -1, lock=False)
        self.since = time.monotonic()
        self.chunk: Chunk | None = None
        self.process = context.Process(target=_serve, args=(inside, self.current, seed), daemon=True)
        self.process.start()
        inside.close()
        self._seen = -1

    def send(self, chunk: Chunk) -> None:
        self.chunk = chunk
        self.connection.send(chunk)

    def hangs(self) -> bool:
        """Whether the current input has been running for too long."""
        if self.current.value != self._seen:
            self._seen, self.since = self.current.value, time.monotonic()
        return self._seen >= 0 and time.monotonic() - self.since > HANGS


def main() -> int:
    options = _options()
    kinds = [KINDS[name] for name in options.kinds.split(",")] if options.kinds else list(KINDS.values())
    if options.only:
        return _one(options.only, options.seed)
    started = time.monotonic()
    finished = _run(_chunks(kinds, options.inputs), options.seed, options.jobs)
    _print_table(finished)
    failures = [failure for chunk in finished for failure in chunk.failures]
    _print_failures(failures, options.seed, options.failures)
    total = sum(chunk.results.total() for chunk in finished)
    print(
        f"{total:,} inputs in {time.monotonic() - started:,.0f} s, seed {options.seed}: {len(failures):,} failures"
    )
    return 1 if failures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python tests/fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=20_000, help="number of inputs, of all kinds together")
    parser.add_argument("--jobs", type=int, default=1, help="number of processes")
    parser.add_argument("--kinds", default="", help=f"some of {','.join(KINDS)}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", metavar="KIND:NUMBER", help="try this input alone")
    parser.add_argument(
        "--failures", type=Path, default=None, metavar="DIR", help="write failing inputs into this folder"
    )
    return parser.parse_args()


def _chunks(kinds: list[Kind], inputs: int) -> deque[Chunk]:
    """The inputs of all kinds, in proportion to their shares, kinds by turns."""
    shares = sum(kind.share for kind in kinds)
    queues = []
    for kind in kinds:
        count = -(-inputs * kind.share // shares)
        queues.append([Chunk(kind.name, range(at, min(at + CHUNK, count))) for at in range(0, count, CHUNK)])
    longest = max(map(len, queues))
    spread = [(at * longest / len(queue), chunk) for queue in queues for at, chunk in enumerate(queue)]
    return deque(chunk for _, chunk in sorted(spread, key=lambda item: item[0]))


def _run(waiting: deque[Chunk], seed: int, count: int) -> list[Chunk]:
    total = len(waiting)
    jobs = [Job(seed) for _ in range(count)]
    finished: list[Chunk] = []
    while waiting or any(job.chunk for job in jobs):
        for job in jobs:
            if waiting and job.chunk is None:
                job.send(waiting.popleft())
        ready = wait([job.connection for job in jobs if job.chunk], timeout=1)
        for at, job in enumerate(jobs):
            if job.connection in ready:
                chunk = _received(job.connection)
                if chunk is not None:
                    finished.append(chunk)
                    job.chunk = None
                    if sys.stderr.isatty():
                        print(f"\r{len(finished)} of {total} parts", end="", file=sys.stderr)
                    continue
            elif not job.hangs():
                continue
            finished.append(_died(job, waiting))
            jobs[at] = Job(seed)
    for job in jobs:
        job.connection.close()
        job.process.join(5)
    return finished


def _received(connection: Connection) -> Chunk | None:
    try:
        chunk: Chunk = connection.recv()
    except (EOFError, OSError):
        return None
    return chunk


def _died(job: Job, waiting: deque[Chunk]) -> Chunk:
    """Records the input that ended a process; the others of its part are tried again."""
    job.process.kill()
    job.process.join()
    chunk, number = job.chunk, job.current.value
    assert chunk is not None and number >= 0, "a process ended before its first input"
    code = job.process.exitcode or 0
    name = signal.Signals(-code).name if code < 0 else str(code)
    waiting.extendleft(
        Chunk(chunk.kind, rest)
        for rest in (range(chunk.numbers.start, number), range(number + 1, chunk.numbers.stop))
        if rest
    )
    outcome = Outcome("died", 0.0, f"the process ended with {name}, or hung")
    return Chunk(
        chunk.kind, range(number, number + 1), Counter(["died"]), failures=[(chunk.kind, number, outcome)]
    )


def _serve(connection: Connection, current: Any, seed: int) -> None:
    """Tries the inputs of the parts that arrive. What libraries print is dropped."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    with tempfile.TemporaryDirectory(prefix="nasctl-fuzz-") as folder:
        os.environ["XDG_CACHE_HOME"] = str(Path(folder) / "cache")
        while True:
            try:
                chunk: Chunk = connection.recv()
            except EOFError:
                return
            kind = KINDS[chunk.kind]
            kind.make_ready()
            started = time.process_time()
            with memory_limit(kind):
                for number in chunk.numbers:
                    current.value = number
                    outcome = attempt(kind, make_input(kind, seed, number), Path(folder))
                    chunk.results[outcome.result] += 1
                    chunk.longest = max(chunk.longest, outcome.seconds)
                    if outcome.result not in GOOD:
                        chunk.failures.append((kind.name, number, outcome))
            current.value = -1
            chunk.seconds = time.process_time() - started
            connection.send(chunk)


def _print_table(finished: list[Chunk]) -> None:
    columns = ("inputs", "accepted", "refused", "wrong", "error", "slow", "memory", "died")
    print(
        f"{'kind':<18}" + "".join(f"{column:>11}" for column in columns) + f"{'ms each':>9}{'longest s':>11}"
    )
    chunks = defaultdict(list)
    for chunk in finished:
        chunks[chunk.kind].append(chunk)
        chunks["all"].append(chunk)
    for kind in (*(name for name in KINDS if name in chunks), "all"):
        results: Counter[Any] = Counter()
        for chunk in chunks[kind]:
            results.update(chunk.results)
        results["inputs"] = results.total()
        seconds, longest = (
            sum(chunk.seconds for chunk in chunks[kind]),
            max(chunk.longest for chunk in chunks[kind]),
        )
        counts = "".join(f"{results[column]:>11,}" for column in columns)
        print(f"{kind:<18}{counts}{seconds / max(results['inputs'], 1) * 1e3:>9.2f}{longest:>11.2f}")


def _print_failures(failures: list[Failure], seed: int, folder: Path | None) -> None:
    """Prints each cause once, with its number of inputs and the first of them."""
    causes: dict[tuple[str, str, str], list[Failure]] = defaultdict(list)
    for failure in failures:
        kind, _, outcome = failure
        causes[kind, outcome.result, outcome.place].append(failure)
    for (kind, result, place), found in sorted(causes.items(), key=lambda item: -len(item[1])):
        number = min(number for _, number, _ in found)
        print(f"{len(found):>8,} × {result:<7} {place}   --only {kind}:{number}")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for kind, number, outcome in failures:
            value = make_input(KINDS[kind], seed, number)
            text = f"{kind}:{number} seed {seed}: {outcome.result}, {outcome.place}\n\n{value!r}\n\n{outcome.detail}"
            (folder / f"{kind}-{seed}-{number}.txt").write_text(
                text, encoding="utf-8", errors="backslashreplace"
            )


def _one(which: str, seed: int) -> int:
    name, _, number = which.rpartition(":")
    kind = KINDS[name]
    value = make_input(kind, seed, int(number))
    print(ascii(value) if isinstance(value, str) else repr(value))
    kind.make_ready()
    with tempfile.TemporaryDirectory(prefix="nasctl-fuzz-") as folder, memory_limit(kind):
        outcome = attempt(kind, value, Path(folder))
    print(f"{outcome.result} after {outcome.seconds:.3f} s {outcome.place}\n{outcome.detail}")
    return 0 if outcome.result in GOOD else 1


if __name__ == "__main__":
    sys.exit(main())
