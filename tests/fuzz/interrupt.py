"""Interrupts commands at random moments, and checks how they end and that searches can be resumed.
    python tests/fuzz/interrupt.py 100 --seed 0

Each round starts a command in its own process, waits for a random moment, and sends SIGINT (once or twice), SIGTERM or
SIGHUP; `--signal` fixes which. SIGINT goes to the command alone or, as Ctrl-C in a terminal, to its worker processes
too. A round whose command had ended before the signal does not count and is repeated. It checks that:

- the exit code is 128 + the number of the signal;
- there is a short message and no traceback;
- no process is left behind;
- after a search, `nasctl search --resume` ends with exit code 0, and the trials are those of a search that was not
  interrupted.

A signal that reaches Python while it exits, after the work, has no effect: the exit code is 0. Such a round does not
count either, but a search must then have all its trials.

The moment is a share of the seconds that the command takes of the processor; in half of the rounds of a search, it is
shortly after a random trial. It never lies before nasctl has installed its handlers of signals, which is its first act:
until then, a signal ends Python itself. `--from-start` allows it, for versions of nasctl that handle SIGINT alone.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nasctl import NasctlError, Run

SPACE = "space choices\n" + "".join(f"p{i} in {{0, 1, 2, 3}}\n" for i in range(6))
MODULE = """import time

def score(architecture):
    time.sleep(0.3)
    return float(sum(architecture.tokens)) + architecture.tokens[0] / 8
"""
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


def search(name: str, *options: str, weight: int) -> Command:
    """A search whose trials call a function."""
    arguments = ("search", "plain.nas", *FUNCTION, *options, "--out", name)
    return Command(f"search, {name}", arguments, name, FUNCTION, weight)


COMMANDS = (
    search("default", "--trials", "6", weight=2),
    search("random", "--controller", "random", "--trials", "12", weight=4),
    search("evolution", "--controller", "evolution", "--trials", "12", weight=4),
    search("inline", "--controller", "random", "--executor", "inline", "--trials", "8", weight=4),
    Command(
        "search, training",
        (
            *("search", "tiny.nas", "--set", "training.epochs=1", "--controller", "random", "--trials", "3"),
            *("--workers", "1", "--out", "training"),
        ),
        "training",
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


def trials(folder: Path, run: str) -> list[tuple[int, tuple[int, ...], str, float | None]]:
    """Number, tokens, status and reward of each trial of a run; none if it has no trials yet."""
    try:
        return [(t.number, t.tokens, t.status, t.reward) for t in Run(folder / run).trials]
    except NasctlError:
        return []


def prepare(folder: Path, commands: Sequence[Command]) -> dict[str, float]:
    """Runs every command without interruption, and returns the seconds that each took of the processor."""
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
        process = started(command, folder)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        took[command.name] = processor_seconds(process)
        _, stderr = process.communicate()
        assert process.returncode == 0, (command.name, stderr)
        if command.run:
            (folder / command.run).rename(folder / f"whole-{command.run}")
        clean(folder)
    return took


def started(command: Command, folder: Path) -> subprocess.Popen[str]:
    """Starts a command in a process group of its own, as a terminal does."""
    return subprocess.Popen(
        [sys.executable, "-m", "nasctl", *command.arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=default_signals,
    )


def processor_seconds(process: subprocess.Popen[str]) -> float:
    """Seconds of the processor that a process has taken, which tell its progress on a busy machine too."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
    for name in ("default", "random", "evolution", "inline", "training", "longer"):
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
    command: Command, folder: Path, took: float, chance: random.Random, options: argparse.Namespace
) -> tuple[str, list[str]]:
    """Interrupts a command once; returns how it ended and what was wrong."""
    number = chance.choices([signal.SIGINT, signal.SIGTERM, signal.SIGHUP], [8, 1, 1])[0]
    number = signal.Signals[options.signal] if options.signal else number
    twice, in_terminal, in_trials = (chance.random() < share for share in (0.25, 0.5, 0.5))
    moment, between = chance.uniform(0.0, 1.0), chance.uniform(0.0, 0.5)
    process = started(command, folder)
    if command.run and in_trials:
        wanted = 1 + int(moment * (len(trials(folder, f"whole-{command.run}")) - 1))
        when = f"with {wanted} trials"
        while process.poll() is None and len(trials(folder, command.run)) < wanted:
            time.sleep(0.1)
        time.sleep(chance.uniform(0.0, 0.2))
    else:
        when = f"after {moment * took:.2f} s"
        while not options.from_start and process.poll() is None and not handles_signals(process):
            time.sleep(0.001)
        while process.poll() is None and processor_seconds(process) < moment * took:
            time.sleep(chance.uniform(0.0, 0.02))
    if process.poll() is not None:
        process.communicate()
        return "before", []
    send = os.killpg if in_terminal and number == signal.SIGINT else os.kill
    send(process.pid, number)
    if twice:
        time.sleep(between)
        with suppress(ProcessLookupError):
            send(process.pid, number)
    try:
        _, stderr = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return "hangs", [f"{command.name}: did not end within {LONGEST} s of the signal"]
    code = process.returncode
    where = f"{command.name}, {number.name} {when}"
    where += f"{' and again' if twice else ''}{' to the whole group' if send is os.killpg else ''}"
    wrong = []
    if code not in (0, 128 + number):
        wrong.append(f"{where}: exit code {code}\n{stderr[-1500:]}")
    if "Traceback" in stderr:
        wrong.append(f"{where}: a traceback\n{stderr[-1500:]}")
    if code == 128 + number and "interrupted" not in stderr:
        wrong.append(f"{where}: no message\n{stderr[-1500:]}")
    if orphans := left_behind(folder):
        wrong.append(f"{where}: left behind {orphans}")
    if command.run and code == 0:
        if trials(folder, command.run) != trials(folder, f"whole-{command.run}"):
            wrong.append(f"{where}: exit code 0 without all its trials")
    elif command.run:
        wrong += [f"{where}: {text}" for text in resume(command, folder)]
    return str(code), wrong


def resume(command: Command, folder: Path) -> list[str]:
    """Resumes an interrupted search, or starts it if it had not begun; returns what is wrong with its trials."""
    whole = trials(folder, f"whole-{command.run}")
    if (folder / command.run / "run.json").exists():
        arguments = [*("search", command.arguments[1], "--resume", "--out", command.run), *command.more]
        done = nasctl(*arguments, "--trials", str(len(whole)), folder=folder)
    else:
        done = nasctl(*command.arguments, folder=folder)
    if done.returncode != 0:
        return [f"the search cannot be resumed: exit code {done.returncode}\n{done.stderr[-1500:]}"]
    return [] if trials(folder, command.run) == whole else ["the resumed search has other trials"]


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
    parser.add_argument("--signal", choices=["SIGINT", "SIGTERM", "SIGHUP"])
    parser.add_argument("--from-start", action="store_true")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    commands = [command for command in COMMANDS if command.name.startswith(options.only or "")]
    counts: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        took = prepare(folder, commands)
        number = 0
        while number < options.rounds:
            (command,) = chance.choices(commands, [command.weight for command in commands])
            ended, errors = interrupt(command, folder, took[command.name], chance, options)
            number += ended not in ("before", "0")
            counts[command.name, ended] += 1
            wrong += errors
            print(f"{number}: {command.name}: {ended}", flush=True)
            for error in errors:
                print(error, flush=True)
            clean(folder)
    for (command_name, ended), count in sorted(counts.items()):
        print(f"{command_name:28} ended with {ended:>6}: {count}")
    print(f"{options.rounds} interruptions, {len(wrong)} errors")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
