"""Formulas of rewards, and durations."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random

from mutation import NUMBERS, foreign_text, mutate_text
from running import Kind

from nasctl.cli.options import read_duration
from nasctl.formula import read_formula

_FORMULAS = (
    "accuracy * (latency / 20) ^ -0.07",
    "min(accuracy, 1 - latency, log(params))",
    "-(exp(accuracy) + sqrt(2)) / max(1, 2)",
    "2 ^ 3 ^ accuracy - -1",
    "accuracy * (params / 1000) ^ -0.07",
)
_MEASURES = ("validation_accuracy", "latency", "params", "reward", "validation_loss")
_VALUES = (
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    1e-300,
    1e154,
    1e308,
    -1e308,
    5e-324,
    math.inf,
    -math.inf,
    math.nan,
    10**400,
)


def make_formula(random: Random) -> tuple[str, dict[str, float]]:
    text = mutate_text(random, random.choice(_FORMULAS), _FORMULAS)
    if random.random() < 0.02:
        part, times = (
            random.choice(("(", "-", "1^", "log(", "1+", "accuracy*", "9", " ")),
            random.choice((50, 500, 20_000)),
        )
        text = part * times + random.choice(("1", text))
    return text, {name: random.choice(_VALUES) for name in _MEASURES}


def attempt_formula(value: tuple[str, dict[str, float]], folder: Path) -> None:
    text, measures = value
    reward = read_formula(text)(measures)
    assert isinstance(reward, float)


def make_duration(random: Random) -> str:
    text = random.choice(
        (
            "90s",
            "10m",
            "1h30m",
            "1h2m3.5s",
            "90",
            "0",
            "1.5",
            random.choice(NUMBERS) + "h",
            foreign_text(random),
        )
    )
    return mutate_text(random, text, NUMBERS)


def attempt_duration(text: str, folder: Path) -> None:
    seconds = read_duration(text)
    assert math.isfinite(seconds) and seconds >= 0


FORMULA = Kind("formula", 150_000, make_formula, attempt_formula)
DURATION = Kind("duration", 50_000, make_duration, attempt_duration)
