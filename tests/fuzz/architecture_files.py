"""arch.json: architectures with their space."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from commands import read_json
from mutation import mutate_bytes, mutate_json, mutate_text
from running import Kind
from valid_files import old_files

from nasctl.arch_json import load_document
from nasctl.architecture import Architecture
from nasctl.files.json_text import write_record


@cache
def documents() -> tuple[Any, ...]:
    """Valid architectures: small ones of every dialect."""
    files = sorted((old_files() / "architectures").glob("*.json"))
    return tuple(json.loads(file.read_text(encoding="utf-8")) for file in files)


def make(random: Random) -> bytes:
    document = random.choice(documents())
    if random.random() < 0.75:
        document = mutate_json(random, document)
    indent = random.choice((None, 2))
    content = json.dumps(document, indent=indent, ensure_ascii=random.random() < 0.8).encode(
        "utf-8", errors="surrogatepass"
    )
    if random.random() < 0.2:
        content = mutate_text(
            random, content.decode("utf-8", errors="replace"), [content.decode("utf-8", errors="replace")]
        ).encode("utf-8", errors="surrogatepass")
    return mutate_bytes(random, content) if random.random() < 0.2 else content


def attempt(content: bytes, folder: Path) -> None:
    file = folder / "arch.json"
    file.write_bytes(content)
    read = load_document(file)
    architecture = Architecture.load(file)
    again = folder / "again.json"
    architecture.save(again, results=read.results, origin=read.origin)
    read_json(again.read_text(encoding="utf-8"))
    written = load_document(again)
    assert (written.space.hash, written.tokens) == (read.space.hash, read.tokens), (
        "it is written as another architecture"
    )
    assert write_record(written.results) == write_record(read.results), "its results are written as others"


KIND = Kind("arch.json", 50_000, make, attempt)
