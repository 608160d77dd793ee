"""Messages and JSON with foreign text and numbers, as commands print them."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import Any

from commands import CONTROL, read_json
from mutation import foreign_text, odd_value
from running import Captured, Kind

from nasctl.cli.console import LONGEST_MESSAGE, print_error, print_json
from nasctl.errors import NasctlError


def make_message(random: Random) -> tuple[str, str]:
    return foreign_text(random, 8), foreign_text(random, random.choice((0, 5)))


def attempt_message(texts: tuple[str, str], folder: Path) -> None:
    message, hint = texts
    streams = Captured()
    with streams.streams():
        print_error(NasctlError(message, hint=hint))
    printed = streams.errors
    assert not streams.output
    assert not CONTROL.search(printed), "control characters on standard error"
    for text in texts:
        if len(text) > LONGEST_MESSAGE:
            continue  # its middle is left out
        for word in re.findall(r"[a-z]{2,}|[0-9]{2,}", text):
            assert word in printed, f"{word} is not printed"


def make_document(random: Random) -> Any:
    return (
        odd_value(random)
        if random.random() < 0.3
        else {
            "path": foreign_text(random),
            "reward": odd_value(random),
            "metrics": {foreign_text(random): odd_value(random)},
        }
    )


def attempt_document(document: Any, folder: Path) -> None:
    streams = Captured()
    with streams.streams():
        print_json(document)
    line = streams.output
    assert line.endswith("\n") and line.count("\n") == 1, "the document is not one line"
    read_json(line)


MESSAGE = Kind("message", 20_000, make_message, attempt_message)
DOCUMENT = Kind("json", 30_000, make_document, attempt_document)
