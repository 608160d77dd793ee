"""Checkpoints: checkpoint.json, arch.json and the files of the weights."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from random import Random

from mutation import mutate_bytes, mutate_json
from running import Kind
from valid_files import old_files


@cache
def _template() -> Path:
    return old_files() / "runs" / "tiny" / "best" / "checkpoint"


@cache
def _files() -> dict[str, bytes]:
    return {
        path.relative_to(_template()).as_posix(): path.read_bytes()
        for path in sorted(_template().rglob("*"))
        if path.is_file()
    }


def make(random: Random) -> dict[str, bytes | None]:
    name = random.choice(("checkpoint.json", "checkpoint.json", "checkpoint.json", "arch.json", *_files()))
    content = _files()[name]
    if name.endswith("t.json") and random.random() < 0.8:
        return {
            name: json.dumps(mutate_json(random, json.loads(content))).encode("utf-8", errors="surrogatepass")
        }
    if name == "arch.json" or random.random() < 0.9:
        return {name: mutate_bytes(random, content)}
    return {name: None}


def attempt(changes: dict[str, bytes | None], folder: Path) -> None:
    from nasctl.arch_json import document_from_json
    from nasctl.training import load_checkpoint

    checkpoint = folder / "checkpoint"
    shutil.rmtree(checkpoint, ignore_errors=True)
    shutil.copytree(_template(), checkpoint)
    for name, content in changes.items():
        if content is None:
            (checkpoint / name).unlink()
        else:
            (checkpoint / name).write_bytes(content)
    loaded = load_checkpoint(checkpoint)
    document_from_json(loaded.document, loaded.folder / "arch.json")


def import_training() -> None:
    import orbax.checkpoint  # noqa: F401


KIND = Kind("checkpoint", 3_000, make, attempt, import_training, threads=True)
