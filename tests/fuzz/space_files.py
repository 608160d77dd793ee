"""Space files: what they say, how they are formatted, and what is derived from them."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import numpy as np
from commands import strict_json
from mutation import mutate_bytes, mutate_text
from running import Kind
from valid_files import space_texts, valid_spaces

from nasctl.architecture import Architecture
from nasctl.dialects import load_space, parse_space, typical_signature
from nasctl.dialects.formatting import format_space
from nasctl.dialects.lossless import space_from_json
from nasctl.dsl.files import read_source
from nasctl.errors import NasctlError
from nasctl.space import Space, format_tokens, parse_tokens, sample_uniform


def make(random: Random) -> bytes:
    texts = space_texts()
    text = mutate_text(random, random.choice(texts if random.random() < 0.2 else valid_spaces()), texts)
    content = text.encode("utf-8", errors="surrogatepass")
    return mutate_bytes(random, content) if random.random() < 0.15 else content


def attempt(content: bytes, folder: Path) -> None:
    file = folder / "fuzz.nas"
    file.write_bytes(content)
    try:
        space = load_space(file)
    except NasctlError as error:
        assert str(error).strip()
        _check_format(file, None)
        raise
    _check_format(file, space)
    check_space(space)


def check_space(space: Space) -> None:
    """Checks that what is derived from a space has the same meaning as the space."""
    document = json.loads(strict_json(space.to_json()))
    assert space_from_json(document).hash == space.hash, "the JSON form is another space"
    assert parse_space(space.source, name=space.name).hash == space.hash, (
        "the text in a run folder is another space"
    )
    assert space.size >= 1, "the space is empty"
    try:
        tokens = sample_uniform(space, np.random.default_rng(0), space.forced(0))
    except NasctlError:
        return
    assert space.validate(tokens) == tokens
    text = format_tokens(space, tokens)
    assert parse_tokens(space, text) == tokens, "the text form of tokens reads back as others"
    assert space.tokens(space.values(tokens)) == tokens, "the values of tokens are those of others"
    signature = typical_signature(space)
    if signature is not None:
        architecture = Architecture.decode(space, tokens)
        try:
            architecture.cost(signature)
            architecture.hash(signature)
        except NasctlError:
            pass


def _check_format(file: Path, space: Space | None) -> None:
    """Checks that formatting changes nothing but the layout, and only once."""
    source = read_source(file)
    try:
        formatted = format_space(source)
    except NasctlError:
        assert space is None, "a valid space cannot be formatted"
        return
    again = file.with_name("formatted.nas")
    again.write_text(formatted, encoding="utf-8", newline="\n")
    assert format_space(read_source(again)) == formatted, "formatting a second time changes the file"
    try:
        meaning = load_space(again)
    except NasctlError:
        assert space is None, "the formatted space is refused"
        return
    assert space is not None, "the space is refused until it is formatted"
    assert meaning.hash == space.hash, "formatting changes the space"
    assert meaning.defaults == space.defaults, "formatting changes the settings"


KIND = Kind("space", 100_000, make, attempt)
