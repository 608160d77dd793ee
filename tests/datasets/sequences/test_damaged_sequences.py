"""Damaged files of series and documents are refused by name, or read to arrays that can be trained on."""

from pathlib import Path
from random import Random

import numpy as np
import pytest

from nasctl.datasets import load
from nasctl.errors import NasctlError
from nasctl.input_kind import InputKind

TS = "@problemName a\n@classLabel true x y\n@data\n" + "1.5,2,?:3,4,5:x\n-1,2e3:0,0:y\n" * 4
WIDE = "label,split,a,b,c\n" + "x,train,1,2,\ny,test,3,4,5\ny,train,-1,0.5,9\n" * 3
LONG = "id,time,heat,target\n" + "".join(f"{row // 3},{row % 3},{row},{row // 3}.5\n" for row in range(30))
TEXTS = 'text,label\n"a, b ""c""",x\nd e f,y\n' + "".join(
    f"word {row},{'xy'[row % 2]}\n" for row in range(12)
)
JSON = "".join(f'{{"text": "é {row}", "label": {row % 2}}}\n' for row in range(12))
PIECES = (
    ",",
    ":",
    "\n",
    '"',
    "?",
    "\0",
    "1e39",
    "-1e400",
    "nan",
    "inf",
    "\ud7ff",
    "@data\n",
    "x",
    "{",
    "\t",
    ";",
    "",
)


def damaged(text: str, random: Random) -> bytes:
    """A text with up to three pieces replaced, and sometimes a byte that is not UTF-8."""
    for _ in range(random.randint(1, 3)):
        start = random.randrange(len(text) + 1)
        text = text[:start] + random.choice(PIECES) + text[start + random.choice((0, 0, 1, 5, 60)) :]
    content = text.encode()
    return content + b"\xff" if random.random() < 0.03 else content


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.ts", TS),
        ("series:a.csv", WIDE),
        ("series:a.csv", LONG),
        ("documents:a.csv", TEXTS),
        ("chars:a.csv", TEXTS),
        ("a.jsonl", JSON),
    ],
)
def test_damaged_files(tmp_path: Path, name: str, text: str) -> None:
    prefix, _, file = name.rpartition(":")
    path = tmp_path / file
    random, read = Random(name + text[:20]), 0
    for _ in range(150):
        path.write_bytes(damaged(text, random))
        try:
            data = load(f"{prefix}:{path}" if prefix else str(path))
        except NasctlError as error:
            assert file in error.message, error.message
            continue
        read += 1
        for part in (data.train, data.test):
            inputs = np.asarray(part.inputs)
            assert len(inputs) == len(part.labels) > 0
            if data.kind is InputKind.SERIES:
                padding = np.isnan(inputs)
                assert (padding.all(2) == padding.any(2)).all() and not padding[:, -1].any()
                assert np.isfinite(inputs[~padding]).all()
            else:
                assert inputs.max() < len(data.vocabulary) and (inputs[:, -1] >= 0).all()
            assert np.isfinite(part.labels).all()
    assert read
