"""Command lines: options with odd values, files with odd names, and runs with foreign text in them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from random import Random

from commands import run_command
from mutation import NUMBERS, foreign_text, mutate_text
from run_folders import run_template
from running import Kind
from valid_files import old_files, valid_spaces

from nasctl.errors import NasctlError

_OPTIONS = {
    "check": ("--json",),
    "describe": ("--json", "--dataset"),
    "sample": ("--json", "-n", "--seed"),
    "fmt": ("--check",),
    "render": ("--json", "--tokens", "-o", "--dataset"),
    "trials": ("--json", "--top"),
    "status": ("--json",),
    "grammar": (),
    "search": (
        "--resume",
        "--trials",
        "--time",
        "--seed",
        "--controller",
        "--set",
        "--reward",
        "--out",
        "--executor",
    ),
    "compare": ("--json", "--controllers", "--seeds"),
    "train": ("--set", "--epochs", "--seed"),
    "eval": ("--split",),
}
_REFUSED = {
    "search": (["--set", "search.trials"], ["--epochs", "0"], ["--set", "training.epochs=x"]),
    "train": (["--set", "training.momentum=["], ["--set", ""]),
    "compare": (["--trials", "0"], ["--trials", "x"]),
}
"""Options that are refused, for commands that would otherwise start to work for minutes."""
_FLAGS = {"--json", "--check", "--resume"}

Line = tuple[list[str], str, str]
"""The arguments; the name of the file that they may name; its text."""


def make(random: Random) -> Line:
    command = random.choice(list(_OPTIONS))
    name = random.choice(
        (
            "mine.nas",
            foreign_text(random, 3).replace("/", "_").replace("\x00", "")
            + random.choice((".nas", "", ".json")),
        )
    )
    text = random.choice(valid_spaces())
    if random.random() < 0.5:
        text = mutate_text(random, text, [text], 1)
    if random.random() < 0.2:
        text = f'space choices\na in {{1, "{foreign_text(random, 2)}"}}'
    arguments = [command]
    if random.random() < 0.95:
        arguments.append(
            random.choice((name, name, name, "RUN", "ARCH", "missing.nas", ".", "", foreign_text(random)))
        )
    for option in random.sample(_OPTIONS[command], random.randint(0, min(2, len(_OPTIONS[command])))):
        arguments.append(option)
        if option not in _FLAGS:
            arguments.append(_value(random, option, name))
    if random.random() < 0.1:
        arguments[random.randrange(len(arguments))] = foreign_text(random)
    if command in _REFUSED:
        arguments = [argument for argument in arguments if argument != command]
        arguments = [command, *random.choice(_REFUSED[command]), *arguments]
    return arguments, name, text


def _value(random: Random, option: str, name: str) -> str:
    match option:
        case "-n" | "--seeds":
            return random.choice(("1", "3", "0", "-1", "x", "1e3"))
        case "--top" | "--seed" | "--trials" | "--epochs":
            return random.choice((*NUMBERS, "2"))
        case "-o" | "--out":
            return random.choice(
                (
                    "out.svg",
                    "out.dot",
                    "out.html",
                    "out.txt",
                    "out.png",
                    "out",
                    "/dev/full/x.svg",
                    "missing/x.svg",
                    foreign_text(random, 2),
                )
            )
        case "--tokens":
            return mutate_text(random, random.choice(("0 1 0", "a=1 b=x", "layers=2", "[0]")), ["0 -1 {a}"])
        case "--dataset":
            return random.choice(
                ("digits", "missing.npz", ".", "pydoc", f"./{foreign_text(random, 2)}.txt", "chars:")
            )
        case "--split" | "--controller" | "--executor" | "--controllers":
            return random.choice(("test", "random", "inline", foreign_text(random)))
        case "--reward":
            return mutate_text(random, "accuracy ^ 2", ["log(x) / 0"])
        case "--time":
            return random.choice((*NUMBERS, foreign_text(random)))
    return foreign_text(random)


def attempt(line: Line, folder: Path) -> None:
    arguments, name, text = line
    place = folder / "place"
    place.mkdir(exist_ok=True)
    file = place / name
    with contextlib.suppress(OSError, ValueError):  # no file can have this name
        file.write_bytes(text.encode("utf-8", errors="surrogatepass"))
    known = {"RUN": str(run_template("random")), "ARCH": str(old_files() / "architectures" / "tiny.json")}
    before = Path.cwd()
    os.chdir(place)
    try:
        code, _, _ = run_command(*(known.get(argument, argument) for argument in arguments))
    finally:
        os.chdir(before)
        with contextlib.suppress(OSError, ValueError):
            file.unlink()
    if code:
        raise NasctlError("refused")


KIND = Kind("command", 25_000, make, attempt)
