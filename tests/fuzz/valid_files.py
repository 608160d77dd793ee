"""Valid files from which inputs are made: shipped spaces, the documentation, the tests, files of old versions."""

from __future__ import annotations

import re
import tarfile
import tempfile
from functools import cache
from pathlib import Path

from nasctl.resources import shipped_spaces

TESTS = Path(__file__).parents[1]

_WRAPPED = {
    "": "{}",
    "choices": "space choices\n{}",
    "cnn": "space cnn\nlayers 2\nlayer {{ relu }}\n{}",
    "layer": "space cnn\nlayers 2\nlayer {{\n{}\n}}",
    "error": "{}",
}

EXTRA = """\
space choices
let n = 2 + 3 * 4
a in {0, 1, "b c"}
b in 1..9 step 2
c in 0.001..1 log 4
if a == 1 { d in {x, y} }
if b <= n { e in {1, 1.5} }
---
space choices
g repeat 3 { a in {1, 2}
  h { b in {true, false} } }
if g1.a in {2} { z in 1..3 }
---
space choices
require latency <= 20.5
search { trials 30  reward "accuracy - 0.1 * latency" }
x in 1..4
---
space cnn
layers 3..5 step 1 every 10 samples
layer { conv { size in {3, 5}  filters in {8, 16} } relu  skip anchors }
---
space cnn
layers 2
block b(w) { conv { size 3  filters w } relu }
layer { one of { b { w in {8, 16} } max_pool { size 2 } } }
---
space cnn
input image
layers 2
layer { repeat 2 { conv { size 1  filters 4 } tanh } }
output classifier
training { epochs 3 }
---
space choices
g repeat 6 { a in 0..9 }
if g1.a == 1 and g2.a == 1 and g3.a == 1 and g4.a == 1 and g5.a == 1 and g6.a == 1 { z in {1, 2} }
"""
"""Spaces with statements that the others do not have together, separated by lines of dashes."""


@cache
def space_texts() -> tuple[str, ...]:
    """Texts of space files, most of them valid."""
    shipped = [path.read_text(encoding="utf-8") for path in shipped_spaces().values()]
    language = (TESTS.parent / "docs" / "language.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```nas(?: (\w+))?\n(.*?)^```$", language, re.MULTILINE | re.DOTALL)
    documented = [_WRAPPED[kind].format(text) for kind, text in blocks]
    messages = [
        path.read_text(encoding="utf-8") for path in sorted((TESTS / "dsl" / "messages").glob("*.nas"))
    ]
    return (*shipped, *documented, *messages, *EXTRA.split("---\n"))


@cache
def valid_spaces() -> tuple[str, ...]:
    """Texts of small and valid spaces."""
    from nasctl.dialects import parse_space
    from nasctl.errors import NasctlError

    valid = []
    for text in space_texts():
        try:
            if len(parse_space(text, name="example").decisions) <= 300:
                valid.append(text)
        except NasctlError:
            continue
    return tuple(valid)


@cache
def old_files() -> Path:
    """The unpacked files of earlier versions: runs, checkpoints and architectures."""
    unpacked = tempfile.TemporaryDirectory(prefix="nasctl-fuzz-")
    _UNPACKED.append(unpacked)
    with tarfile.open(TESTS / "old_files" / "files.tar.xz") as archive:
        archive.extractall(unpacked.name, filter="data")
    return Path(unpacked.name) / "old"


_UNPACKED: list[tempfile.TemporaryDirectory[str]] = []
"""Folders that are deleted when the process ends."""
