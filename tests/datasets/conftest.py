from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nasctl.datasets.dataset import DatasetSpec


@pytest.fixture
def spec() -> DatasetSpec:
    """A small data set without a download."""

    def read(split: str, file: Path | None) -> Iterator[tuple[np.ndarray, int]]:
        for index in range(6 if split == "train" else 3):
            yield np.full((2, 2, 1), index, np.uint8), index % 3

    return DatasetSpec(
        name="small",
        version="1.0.0",
        summary="Six and three",
        shape=(2, 2, 1),
        class_names=("a", "b", "c"),
        splits={"train": 6, "test": 3},
        read=read,
    )


@pytest.fixture
def own_data_dir(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps decoded images in a folder of the test, not in the user's cache."""
    monkeypatch.setenv("NASCTL_DATA_DIR", str(tmp_path_factory.mktemp("data")))
