import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nasctl.config import DataConfig
from nasctl.datasets import default_data_dir, describe, load, names
from nasctl.datasets.catalogue import CATALOGUE
from nasctl.errors import NasctlError


def test_an_unknown_name_is_answered_with_similar_ones(tmp_path: Path) -> None:
    with pytest.raises(NasctlError, match="no data set is called `digit`") as caught:
        load("digit", tmp_path)
    assert "digits" in caught.value.hint


def test_an_unknown_name_without_similar_ones_is_answered_with_all(tmp_path: Path) -> None:
    with pytest.raises(NasctlError) as caught:
        load("zzzzzzzzzz", tmp_path)
    assert "digits" in caught.value.hint


def test_a_missing_path_is_called_a_folder(tmp_path: Path) -> None:
    with pytest.raises(NasctlError, match="the folder .*nothing does not exist"):
        load(f"{tmp_path}/nothing")


def test_data_sets_of_the_catalogue_are_described_without_being_prepared(tmp_path: Path) -> None:
    assert names() == (*CATALOGUE, "pydoc")
    for name in names():
        described = describe(name, tmp_path)
        assert not described.prepared
        assert described.summary
    assert not list(tmp_path.iterdir())
    with pytest.raises(NasctlError, match="no data set of nasctl is called `digit`"):
        describe("digit", tmp_path)


def test_the_default_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NASCTL_DATA_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_data_dir() == tmp_path / "nasctl" / "datasets"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_data_dir() == Path.home() / ".cache" / "nasctl" / "datasets"
    monkeypatch.setenv("NASCTL_DATA_DIR", "/data")
    assert default_data_dir() == Path("/data")


def test_importing_the_package_imports_no_heavy_module() -> None:
    code = "import sys, nasctl.datasets; print({'jax', 'tensorflow_datasets', 'sklearn', 'PIL'} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ), check=True
    )
    assert result.stdout == "set()\n"


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[Path]:
    """A folder with a data set that was prepared with TFDS but is unknown to it."""
    import tensorflow_datasets as tfds

    class Spots(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[call-arg]
        name = "spots"
        VERSION = tfds.core.Version("2.0.0")

        def _info(self) -> tfds.core.DatasetInfo:
            features = {
                "picture": tfds.features.Tensor(shape=(3, 3), dtype=np.uint8),
                "kind": tfds.features.ClassLabel(names=["x", "y"]),
            }
            return tfds.core.DatasetInfo(
                builder=self,
                features=tfds.features.FeaturesDict(features),
                supervised_keys=("picture", "kind"),
            )

        def _split_generators(self, dl_manager: object) -> dict[str, Iterator[tuple[int, dict[str, object]]]]:
            return {"train": self._generate_examples(6), "test": self._generate_examples(2)}

        def _generate_examples(self, count: int) -> Iterator[tuple[int, dict[str, object]]]:
            for index in range(count):
                yield index, {"picture": np.full((3, 3), index, np.uint8), "kind": index % 2}

    from nasctl.datasets.image_builder import quiet

    with quiet():
        Spots(data_dir=tmp_path, file_format="array_record").download_and_prepare()
    yield tmp_path


def test_a_data_set_that_tfds_prepared_is_loaded_by_its_name(foreign: Path) -> None:
    dataset = load("spots", foreign)
    assert dataset.train.inputs.shape == (6, 3, 3, 1)
    assert np.array_equal(dataset.train.inputs[:, 0, 0, 0] % 2, dataset.train.labels)
    assert dataset.class_names == ("x", "y")


def test_an_unprepared_data_set_of_tfds_says_how_to_prepare_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nasctl.datasets.tfds_datasets.why_unreachable", lambda url: "no connection")
    with pytest.raises(NasctlError, match="mnist is not prepared in .*no connection") as caught:
        load("mnist", tmp_path)
    assert "tfds build mnist --file_format=array_record" in caught.value.hint


def test_a_fit_of_arrays_is_noted_and_another_size_refused(tmp_path: Path) -> None:
    plain = load("digits", tmp_path)
    fitted = load("digits", tmp_path, settings=DataConfig(fit="pad"))
    assert fitted.notes == (*plain.notes, "fit pad has no effect, as the images are arrays of one size")
    assert load("digits", tmp_path, settings=DataConfig(image_size="8", fit="pad")).notes == plain.notes
    with pytest.raises(NasctlError, match=r"arrays of 8×8 pixels, and not of 9×8"):
        load("digits", tmp_path, settings=DataConfig(image_size="9x8"))
