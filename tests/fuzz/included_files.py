"""Space files that include others, and names of included files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from random import Random

from mutation import foreign_text, mutate_text
from running import Kind
from space_files import check_space
from valid_files import space_texts, valid_spaces

from nasctl.dialects import load_space, parse_space

_NAMES = ("a.nas", "b.nas", "c/a.nas", "a b.nas", "[a].nas")


def make(random: Random) -> dict[str, str]:
    """The texts of files by name; `main.nas` is read."""
    files: dict[str, str] = {}
    for name in random.sample(_NAMES, random.choice((1, 1, 2, 3))):
        text = random.choice(valid_spaces())
        files[name] = mutate_text(random, text, space_texts()) if random.random() < 0.4 else text
    files["main.nas"] = random.choice(valid_spaces())
    for name in list(files):
        if name == "main.nas" or random.random() < 0.3:
            for _ in range(random.choice((1, 1, 2, 3))):
                files[name] = _with_include(random, files[name], _named(random, list(files)))
    return files


def _named(random: Random, names: list[str]) -> str:
    odd = (
        "",
        ".",
        "..",
        "/",
        "~",
        "/dev/null",
        "/dev/stdin",
        "fifo",
        "folder",
        "loop",
        "cnn.nas",
        "spaces/rnn.nas",
        "a" * 5000,
    )
    match random.randrange(8):
        case 0:
            return random.choice(odd)
        case 1:
            return foreign_text(random)
        case 2:
            return random.choice(("./", "c/../", "../x/", "//")) + random.choice(names)
    return random.choice(names)


def _with_include(random: Random, text: str, name: str) -> str:
    header, _, rest = text.partition("\n")
    include = f'include "{name}"'
    if random.random() < 0.1:
        include = mutate_text(random, include, ["include", '"a.nas"'])
    return f"{header}\n{include}\n{rest}" if random.random() < 0.8 else f"{text}\n{include}"


def attempt(files: dict[str, str], folder: Path) -> None:
    root = folder / "include"
    shutil.rmtree(root, ignore_errors=True)
    (root / "c").mkdir(parents=True)
    (root / "folder").mkdir()
    os.mkfifo(root / "fifo")
    (root / "loop").symlink_to("loop")
    for name, text in files.items():
        (root / name).write_bytes(text.encode("utf-8", errors="surrogatepass"))
    space = load_space(root / "main.nas")
    check_space(space)
    again = parse_space(space.source, name=space.name)
    assert "include" not in again.source or "#" in again.source or '"' in again.source
    assert again.hash == space.hash, "the text without includes is another space"


KIND = Kind("included", 15_000, make, attempt)
