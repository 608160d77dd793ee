"""Writes a text as a TFDS data set of ArrayRecord files, one line a record, without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from nasctl.datasets.builder import quiet
from nasctl.datasets.text import Lines, TextSplit


def write_text(
    dataset: str, version: str, summary: str, lines: Mapping[TextSplit, Lines], data_dir: Path
) -> Path:
    """Prepares a text under `data_dir` and returns the folder of its version.

    Lines are `features.Tensor` of strings, since `features.Text` can be written with TensorFlow only.

    Args:
      dataset: Its name.
      version: Its version.
      summary: One line.
      lines: The lines of each split.
      data_dir: Where TFDS puts `NAME/VERSION/`.
    """

    class Builder(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[misc,call-arg]
        """A text of nasctl's."""

        name = dataset
        VERSION = tfds.core.Version(version)

        def _info(self) -> tfds.core.DatasetInfo:
            return tfds.core.DatasetInfo(
                builder=self,
                description=summary,
                features=tfds.features.FeaturesDict({"text": tfds.features.Tensor(shape=(), dtype=np.str_)}),
                disable_shuffling=True,  # a text is read in its order
            )

        def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[tuple[int, dict[str, Any]]]]:
            return {str(split): self._generate_examples(part) for split, part in lines.items()}

        def _generate_examples(self, part: Lines) -> Iterator[tuple[int, dict[str, Any]]]:
            for position, line in enumerate(part):
                yield position, {"text": line}

    with quiet():
        builder = Builder(data_dir=data_dir, file_format="array_record")
        builder.download_and_prepare()
    return Path(builder.data_path)
