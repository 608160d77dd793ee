"""Interrupts commands at random moments, and checks how they end and that searches can be resumed.
    python tests/fuzz/interrupt.py 100 --seed 0

Each round starts a command in its own process, waits for a random time, and sends SIGINT (once or twice), SIGTERM or
SIGHUP. It checks that:

- the exit code is 128 + the number of the signal, or 0 if the command was done before;
- there is a short message and no traceback;
- no process is left behind;
- after a search, `nasctl search --resume` ends with exit code 0, and the trials are those of a search that was not
  interrupted.

The clock starts when nasctl has installed its handlers of signals, which is its first act. Before that, a signal ends
Python itself. `--from-start` starts the clock with the process, for versions of nasctl that handle SIGINT alone.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nasctl import NasctlError, Run

SPACE = "space choices\n" + "".join(f"p{i} in {{0, 1, 2, 3}}\n" for i in range(6))
MODULE = "def score(architecture):\n    return float(sum(architecture.tokens)) + architecture.tokens[0] / 8\n"
LONGEST = 60.0
"""Seconds in which an interrupted process must have ended."""


@dataclass(frozen=True)
class Command:
    """A command of nasctl.

    Attributes:
      name: For the table.
      arguments: What comes after `nasctl`.
      run: The run folder that it writes, if it is a search.
      more: Options with which the search is resumed.
      weight: How often it is chosen.
    """

    name: str
    arguments: tuple[str, ...]
    run: str = ""
    more: tuple[str, ...] = ()
    weight: int = 1


FUNCTION = ("--evaluator", "interrupt_score:score")
COMMANDS = (
    Command(
        "search, default controller",
        ("search", "plain.nas", *FUNCTION, "--trials", "15", "--out", "default"),
        "default",
        FUNCTION,
        6,
    ),
    Command(
        "search, random",
        ("search", "plain.nas", *FUNCTION, "--controller", "random", "--trials", "100", "--out", "random"),
        "random",
        FUNCTION,
        3,
    ),
    Command(
        "search, inline",
        ("search", "plain.nas", *FUNCTION, "--executor", "inline", "--trials", "15", "--out", "inline"),
        "inline",
        FUNCTION,
        2,
    ),
    Command(
        "search, training",
        (
            *("search", "tiny.nas", "--set", "training.epochs=1", "--controller", "random", "--trials", "4"),
            *("--workers", "1", "--out", "training"),
        ),
        "training",
        (),
        2,
    ),
    Command("train", ("train", "trained", "--epochs", "2", "--out", "longer")),
    Command("eval", ("eval", "--checkpoint", "trained")),
    Command("compare", ("compare", "trained", "trained")),
    Command("render", ("render", "trained", "--output", "drawing.svg")),
    Command("check", ("check", "plain.nas")),
)


def nasctl(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "nasctl", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def trials(folder: Path, run: str) -> list[tuple[int, tuple[int, ...], str]]:
    """Number, tokens and status of each trial of a run; none if it has no trials yet."""
    try:
        return [(t.number, t.tokens, t.status) for t in Run(folder / run).trials]
    except NasctlError:
        return []


def prepare(folder: Path, commands: Sequence[Command]) -> dict[str, float]:
    """Runs every command once without interruption, and returns how long each took."""
    (folder / "plain.nas").write_text(SPACE)
    (folder / "tiny.nas").write_text(tiny_space())
    (folder / "interrupt_score.py").write_text(MODULE)
    if any(command.arguments[-1] == "trained" or "trained" in command.arguments for command in commands):
        done = nasctl(
            *("search", "tiny.nas", "--set", "training.epochs=1", "--trials", "1", "--out", "trained"),
            folder=folder,
        )
        assert done.returncode == 0, done.stderr
    took = {}
    for command in commands:
        began = time.monotonic()
        done = nasctl(*command.arguments, folder=folder)
        took[command.name] = time.monotonic() - began
        assert done.returncode == 0, (command.name, done.stderr)
        if command.run:
            (folder / command.run).rename(folder / f"whole-{command.run}")
        clean(folder)
    return took


def tiny_space() -> str:
    """The text of the smallest space of networks that comes with nasctl."""
    import nasctl

    package = Path(nasctl.__file__).parent
    return next(
        path
        for path in (package / "spaces" / "tiny.nas", package.parent / "spaces" / "tiny.nas")
        if path.is_file()
    ).read_text()


def clean(folder: Path) -> None:
    """Deletes what the commands have written."""
    for name in ("default", "random", "inline", "training", "longer"):
        shutil.rmtree(folder / name, ignore_errors=True)


def handles_signals(process: subprocess.Popen[str]) -> bool:
    """Whether a process has installed a handler of SIGTERM, which Python does not do by itself."""
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    except OSError:
        return True
    (caught,) = (int(line.split()[1], 16) for line in lines if line.startswith("SigCgt:"))
    return bool(caught >> (signal.SIGTERM - 1) & 1)


def left_behind(folder: Path) -> list[str]:
    """Command lines of the processes that still run in the folder."""
    patience = time.monotonic() + 2
    while True:
        found = []
        for path in Path("/proc").iterdir():
            try:
                if path.name.isdecimal() and (path / "cwd").resolve() == folder.resolve():
                    found.append((path / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        if not found or time.monotonic() > patience:
            return found
        time.sleep(0.05)


def interrupt(
    command: Command, folder: Path, took: float, chance: random.Random, *, from_start: bool
) -> tuple[str, list[str]]:
    """Interrupts a command once; returns how it ended and what was wrong."""
    number = chance.choices([signal.SIGINT, signal.SIGTERM, signal.SIGHUP], [8, 1, 1])[0]
    number = signal.SIGINT if from_start else number
    twice = chance.random() < 0.25
    delay, between = chance.uniform(0.0, took), chance.uniform(0.0, 0.5)
    process = subprocess.Popen(
        [sys.executable, "-m", "nasctl", *command.arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=default_signals,
    )
    while not from_start and process.poll() is None and not handles_signals(process):
        time.sleep(0.001)
    time.sleep(delay)
    process.send_signal(number)
    if twice:
        time.sleep(between)
        process.send_signal(number)
    try:
        _, stderr = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return "hangs", [f"{command.name}: did not end within {LONGEST} s of the signal"]
    code = process.returncode
    where = f"{command.name}, signal {number} after {delay:.2f} s{' and again' if twice else ''}"
    wrong = []
    if code not in (0, 128 + number):
        wrong.append(f"{where}: exit code {code}\n{stderr[-1500:]}")
    if "Traceback" in stderr:
        wrong.append(f"{where}: a traceback\n{stderr[-1500:]}")
    if code == 128 + number and "interrupted" not in stderr:
        wrong.append(f"{where}: no message\n{stderr[-1500:]}")
    if orphans := left_behind(folder):
        wrong.append(f"{where}: left behind {orphans}")
    if command.run:
        wrong += [f"{where}: {text}" for text in resume(command, folder)]
    return str(code), wrong


def resume(command: Command, folder: Path) -> list[str]:
    """Resumes an interrupted search, or starts it if it had not begun; returns what is wrong with its trials."""
    if (folder / command.run / "run.json").exists():
        known = len(trials(folder, command.run))
        whole = len(trials(folder, f"whole-{command.run}"))
        wanted = min(known + 3, whole)
        arguments = [*("search", command.arguments[1], "--resume", "--out", command.run), *command.more]
        done = nasctl(*arguments, "--trials", str(wanted), folder=folder)
    else:
        done = nasctl(*command.arguments, folder=folder)
        wanted = 0
    if done.returncode != 0:
        return [f"the search cannot be resumed: exit code {done.returncode}\n{done.stderr[-1500:]}"]
    resumed, whole_run = trials(folder, command.run), trials(folder, f"whole-{command.run}")
    if len(resumed) < wanted or resumed != whole_run[: len(resumed)]:
        return ["the resumed search has other trials"]
    return []


def default_signals() -> None:
    """As in a terminal, however this program was started."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def main() -> int:
    """Interrupts commands, prints counts, and returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rounds", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="commands whose names begin with this text")
    parser.add_argument("--from-start", action="store_true")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    commands = [command for command in COMMANDS if command.name.startswith(options.only or "")]
    counts: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        took = prepare(folder, commands)
        for number in range(options.rounds):
            (command,) = chance.choices(commands, [command.weight for command in commands])
            ended, errors = interrupt(
                command, folder, took[command.name], chance, from_start=options.from_start
            )
            counts[command.name, ended] += 1
            wrong += errors
            print(f"{number + 1}: {command.name}: {ended}", flush=True)
            for error in errors:
                print(error, flush=True)
            clean(folder)
    for (command_name, ended), count in sorted(counts.items()):
        print(f"{command_name:28} ended with {ended:>5}: {count}")
    print(f"{options.rounds} interruptions, {len(wrong)} errors")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
