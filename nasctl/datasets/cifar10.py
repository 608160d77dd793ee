"""CIFAR-10, read from its published binary files: 60,000 colour images of 32×32 pixels in 10 classes."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from nasctl.datasets.dataset import DatasetSpec, Download

_SHAPE = (32, 32, 3)
_EXAMPLE_BYTES = 1 + 32 * 32 * 3  # the label, then the red, the green and the blue plane, row by row
_MEMBERS = {
    "train": tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
    "test": ("test_batch.bin",),
}


def _read(split: str, file: Path | None) -> Iterator[tuple[np.ndarray, int]]:
    assert file is not None
    wanted = _MEMBERS[split]
    with tarfile.open(file, "r|gz") as archive:
        for member in archive:  # reads the archive as a stream, without extracting files
            content = archive.extractfile(member) if Path(member.name).name in wanted else None
            if content is None:
                continue
            examples = np.frombuffer(content.read(), np.uint8).reshape(-1, _EXAMPLE_BYTES)
            images = examples[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
            yield from zip(images, examples[:, 0].tolist(), strict=True)


CIFAR10 = DatasetSpec(
    name="cifar10",
    version="1.0.0",
    summary="CIFAR-10, 32×32 colour images, the data set of the paper; downloads 170 MB",
    shape=_SHAPE,
    class_names=(
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    ),
    splits={"train": 50_000, "test": 10_000},
    read=_read,
    download=Download(
        url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        size=170_052_171,
        sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    ),
    homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
    citation="""@techreport{krizhevsky2009learning,
  author = {Krizhevsky, Alex},
  title = {Learning multiple layers of features from tiny images},
  institution = {University of Toronto},
  year = {2009}
}""",
)  # fmt: skip
