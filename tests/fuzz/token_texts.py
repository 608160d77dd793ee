"""Texts of architectures, as in `nasctl render --tokens`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
from mutation import foreign_text, mutate_json, mutate_text
from running import Kind
from valid_files import valid_spaces

from nasctl.dialects import parse_space
from nasctl.space import Space, format_tokens, parse_tokens, sample_uniform


@cache
def _space(index: int) -> Space:
    return parse_space(valid_spaces()[index], name="example")


def make(random: Random) -> tuple[int, str]:
    index = random.randrange(len(valid_spaces()))
    space = _space(index)
    tokens = sample_uniform(space, np.random.default_rng(random.randrange(100)))
    form = random.randrange(10)
    if form < 5:
        return index, mutate_text(random, format_tokens(space, tokens), [format_tokens(space, tokens)])
    if form < 7:
        return index, mutate_text(random, random.choice((" ", ", ")).join(map(str, tokens)), ["0 -1 5"])
    if form < 9:
        document = random.choice(
            (
                list(tokens),
                {k: list(v) if isinstance(v, tuple) else v for k, v in space.values(tokens).items()},
            )
        )
        text = json.dumps(mutate_json(random, document), ensure_ascii=random.random() < 0.5)
        return index, mutate_text(random, text, [text]) if random.random() < 0.2 else text
    return index, foreign_text(random, 12)


def attempt(value: tuple[int, str], folder: Path) -> None:
    index, text = value
    space = _space(index)
    tokens = parse_tokens(space, text)
    assert space.validate(tokens) == tokens
    assert parse_tokens(space, format_tokens(space, tokens)) == tokens, (
        "the text form reads back as other tokens"
    )
    assert parse_tokens(space, " ".join(map(str, tokens)) or "[]") == tokens, (
        "the numbers read back as other tokens"
    )
    assert space.tokens(space.values(tokens)) == tokens, "the values of tokens are those of others"


KIND = Kind("tokens", 200_000, make, attempt)
