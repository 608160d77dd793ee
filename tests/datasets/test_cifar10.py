import hashlib
import io
import shutil
import tarfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nasctl.datasets import cifar10, connection, loading, sources
from nasctl.datasets.cifar10 import CIFAR10
from nasctl.datasets.dataset import DatasetSpec
from nasctl.datasets.preparation import load_spec
from nasctl.errors import NasctlError

ROWS = 4  # in each of the six files, where the published ones have 10,000


@pytest.fixture
def published(tmp_path: Path) -> tuple[DatasetSpec, Path, np.ndarray, np.ndarray]:
    """A specification of CIFAR-10 with a small archive; the archive's folder, images and labels."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (6 * ROWS, 32, 32, 3), dtype=np.uint8)
    labels = random.integers(0, 10, 6 * ROWS, dtype=np.uint8)
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "cifar-10-binary.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        names = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "readme.html", "test_batch.bin"]
        position = 0
        for name in names:
            content = b"<html>"
            if name.endswith(".bin"):
                rows = slice(position, position + ROWS)
                planes = images[rows].transpose(0, 3, 1, 2).reshape(ROWS, -1)
                content = np.concatenate([labels[rows, None], planes], axis=1).tobytes()
                position += ROWS
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    file = path.read_bytes()
    download = replace(CIFAR10.download, size=len(file), sha256=hashlib.sha256(file).hexdigest())
    spec = replace(CIFAR10, splits={"train": 5 * ROWS, "test": ROWS}, download=download)
    return spec, folder, images, labels


def test_the_published_format_is_read(published) -> None:
    spec, folder, images, labels = published
    dataset = load_spec(spec, folder)
    assert np.array_equal(dataset.train.inputs, images[: 5 * ROWS])
    assert np.array_equal(dataset.train.labels, labels[: 5 * ROWS])
    assert np.array_equal(dataset.test.inputs, images[5 * ROWS :])
    assert np.array_equal(dataset.test.labels, labels[5 * ROWS :])
    assert dataset.class_names[3] == "cat"


def test_a_file_with_another_checksum_is_refused(published) -> None:
    spec, folder, _, _ = published
    path = folder / "cifar-10-binary.tar.gz"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(NasctlError, match="not the published file") as caught:
        load_spec(spec, folder)
    assert spec.download.sha256 in caught.value.hint
    assert spec.download.url in caught.value.hint


def test_without_a_network_the_error_comes_within_seconds_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreachable = replace(CIFAR10.download, url="https://127.0.0.1:9/cifar-10-binary.tar.gz")
    started = time.perf_counter()
    with pytest.raises(NasctlError, match="cannot be reached") as caught:
        load_spec(replace(CIFAR10, download=unreachable), tmp_path)
    assert time.perf_counter() - started < 8
    assert "put it into" in caught.value.hint
    assert str(tmp_path) in caught.value.hint


def test_a_server_that_does_not_answer_is_abandoned_after_the_time_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import requests

    done = threading.Event()

    def wait(*args: object, **kwargs: object) -> None:
        done.wait()
        raise requests.exceptions.ConnectionError

    monkeypatch.setattr(requests, "head", wait)
    started = time.perf_counter()
    assert connection.why_unreachable("https://example.org", seconds=0.1) == "no answer in 0 s"
    assert time.perf_counter() - started < 5
    done.set()


def test_the_checksum_is_that_of_tfds() -> None:
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download.checksums import load_url_infos

    known = load_url_infos(tfds.core.utils.tfds_path() / "url_checksums" / "cifar10.txt")[
        CIFAR10.download.url
    ]
    assert (known.checksum, int(known.size)) == (CIFAR10.download.sha256, CIFAR10.download.size)


def test_other_members_of_the_archive_are_skipped(published) -> None:
    _, folder, images, _ = published
    read = list(cifar10.CIFAR10.read("test", folder / "cifar-10-binary.tar.gz"))
    assert len(read) == ROWS
    assert np.array_equal(read[0][0], images[5 * ROWS])


def test_a_prepared_data_set_does_not_need_the_archive(published, monkeypatch: pytest.MonkeyPatch) -> None:
    spec, folder, _, _ = published
    monkeypatch.setattr(sources, "CATALOGUE", {"cifar10": spec})
    loading.load("cifar10", folder)
    (folder / "cifar-10-binary.tar.gz").unlink()
    shutil.rmtree(folder / "downloads", ignore_errors=True)
    assert len(loading.load("cifar10", folder).test) == ROWS
