"""Writes a source as a TFDS data set of ArrayRecord files, without TensorFlow."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from nasctl.datasets.dataset import Examples, Source


def make_builder(source: Source, data_dir: Path) -> tfds.core.GeneratorBasedBuilder:
    """The TFDS builder of a source.

    Images are `features.Tensor`, since `features.Image` can be written with TensorFlow only, and the
    information is constructed here, since TFDS's own short cut for it imports TensorFlow too.
    """

    class Builder(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[misc,call-arg]
        """A source of nasctl's."""

        name = source.name
        VERSION = tfds.core.Version(source.version)
        url_infos = _url_infos(source)

        def _info(self) -> tfds.core.DatasetInfo:
            return tfds.core.DatasetInfo(
                builder=self,
                description=source.summary,
                features=tfds.features.FeaturesDict(
                    {
                        "image": tfds.features.Tensor(shape=source.shape, dtype=np.uint8),
                        "label": tfds.features.ClassLabel(names=list(source.class_names)),
                    }
                ),
                supervised_keys=("image", "label"),
                homepage=source.homepage or None,
                citation=source.citation or None,
                disable_shuffling=True,  # the epochs shuffle; the files keep the published order
            )

        def _split_generators(self, dl_manager: Any) -> dict[str, Iterator[tuple[int, dict[str, Any]]]]:
            file = Path(dl_manager.download(source.download.url)) if source.download else None
            return {split: self._generate_examples(split, file) for split in source.splits}

        def _generate_examples(self, split: str, file: Path | None) -> Iterator[tuple[int, dict[str, Any]]]:
            for position, (image, label) in enumerate(source.read(split, file)):
                yield position, {"image": image, "label": label}

    return Builder(data_dir=data_dir, file_format="array_record")


def write(source: Source, data_dir: Path, *, download_dir: Path, own_dir: Path) -> Path:
    """Prepares a source under `data_dir` and returns the folder of its version.

    Args:
      source: What to prepare.
      data_dir: Where TFDS puts `NAME/VERSION/`.
      download_dir: Where downloaded files stay.
      own_dir: Where a file that the person downloaded is looked for first.
    """
    with quiet():
        builder = make_builder(source, data_dir)
        builder.download_and_prepare(
            download_dir=download_dir,
            download_config=tfds.download.DownloadConfig(manual_dir=own_dir, try_download_gcs=False),
        )
    return Path(builder.data_path)


def read(builder: tfds.core.DatasetBuilder, split: str) -> Examples:
    """All examples of a split of prepared ArrayRecord files, decoded."""
    with quiet():
        source = builder.as_data_source(split=split)
        image_key, label_key = builder.info.supervised_keys or ("image", "label")
        examples = source.__getitems__(range(len(source)))
    images = np.stack([np.asarray(example[image_key]) for example in examples])
    return Examples(images, np.asarray([example[label_key] for example in examples], np.int32))


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keeps TFDS's progress bars, prints and warnings off the terminal."""
    tfds.disable_progress_bar()
    absl = logging.getLogger("absl")
    level = absl.level
    absl.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        absl.setLevel(level)


def _url_infos(source: Source) -> dict[str, Any]:
    from tensorflow_datasets.core.download.checksums import UrlInfo

    if source.download is None:
        return {}
    return {
        source.download.url: UrlInfo(
            size=tfds.core.utils.Size(source.download.size),
            checksum=source.download.sha256,
            filename=source.download.filename,
        )
    }
