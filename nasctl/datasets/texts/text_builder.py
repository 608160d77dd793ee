"""Writes a text as ArrayRecord files of TFDS, one line per example, without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from nasctl.datasets.image_builder import quiet
from nasctl.datasets.split_names import SplitName
from nasctl.datasets.texts.text import Lines


def write_text(
    dataset: str, version: str, summary: str, lines: Mapping[SplitName, Lines], data_dir: Path
) -> Path:
    """Writes a text.

    Lines are `features.Tensor` of strings, because writing `features.Text` requires TensorFlow.

    Args:
      dataset: The name of the data set.
      version: The version of the data set.
      summary: A one-line description.
      lines: The lines of each split.
      data_dir: The folder under which TFDS writes `NAME/VERSION/`.

    Returns:
      The folder `NAME/VERSION/`.
    """

    class Builder(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[misc,call-arg]
        """The builder of one text."""

        name = dataset
        VERSION = tfds.core.Version(version)

        def _info(self) -> tfds.core.DatasetInfo:
            return tfds.core.DatasetInfo(
                builder=self,
                description=summary,
                features=tfds.features.FeaturesDict({"text": tfds.features.Tensor(shape=(), dtype=np.str_)}),
                disable_shuffling=True,  # the order of the lines matters
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
