"""Settings: `--set` texts, and the values that programs, space files and `run.json` give."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

from commands import strict_json
from mutation import NUMBERS, foreign_text, mutate_text, odd_value
from running import Kind

from nasctl.cli.options import read_settings
from nasctl.config import SECTIONS, Config
from nasctl.settings import resolve

_DEFAULTS = asdict(Config())
_WORDS = (
    "true",
    "false",
    "paper",
    "local",
    "inline",
    "ray",
    "adam",
    "bfloat16",
    "repeat",
    "asynchronous",
    "auto",
    "",
)


def make_texts(random: Random) -> list[str]:
    texts = []
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        section = random.choice(list(SECTIONS))
        key = random.choice(list(_DEFAULTS[section]))
        value = random.choice(
            (
                str(_DEFAULTS[section][key]),
                *random.sample(NUMBERS, 4),
                random.choice(_WORDS),
                foreign_text(random),
            )
        )
        text = f"{section}.{key}={value}"
        texts.append(mutate_text(random, text, NUMBERS) if random.random() < 0.4 else text)
    return texts


def attempt_texts(texts: list[str], folder: Path) -> None:
    _check(resolve(read_settings(texts)))


def make_values(random: Random) -> Any:
    if random.random() < 0.05:
        return odd_value(random)
    settings: dict[Any, Any] = {}
    for _ in range(random.choice((1, 1, 2, 4))):
        section = random.choice(list(SECTIONS))
        key = random.choice((*_DEFAULTS[section], foreign_text(random)))
        settings.setdefault(section, {})[key] = random.choice((odd_value(random), random.choice(_WORDS)))
    if random.random() < 0.1:
        settings[random.choice((foreign_text(random), section, None, 1))] = odd_value(random)
    return settings


def attempt_values(settings: Any, folder: Path) -> None:
    if isinstance(settings, dict):
        _check(resolve(settings))


def _check(config: Config) -> None:
    """Checks that settings survive `run.json`."""
    written = strict_json(asdict(config))
    assert resolve(json.loads(written)) == config, "run.json reads back as other settings"


TEXTS = Kind("--set", 130_000, make_texts, attempt_texts)
VALUES = Kind("settings", 100_000, make_values, attempt_values)
