"""Data sets that were moved are asked for, and found where a run found them."""

from __future__ import annotations

from pathlib import Path

import pytest

from nasctl.config import Config
from nasctl.dialects import load_space
from nasctl.engine.evaluation.data_place import place_of_run, require_place
from nasctl.errors import NasctlError
from nasctl.store import RunFolder


@pytest.mark.parametrize("prefix", ["", "chars:", "words:", "series:", "documents:"])
def test_a_data_set_that_is_gone_is_asked_for(prefix: str, tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("some words")
    require_place(f"{prefix}{tmp_path / 'text.txt'}", "the run")
    with pytest.raises(NasctlError, match="the data set of the run is no longer at") as error:
        require_place(f"{prefix}{tmp_path / 'gone.txt'}", "the run")
    assert "--dataset" in error.value.hint


@pytest.mark.parametrize("name", ["digits", "fashion_mnist/1.0", "relative.npz"])
def test_names_have_no_place(name: str) -> None:
    require_place(name, "the run")


def test_a_document_finds_the_place_that_its_run_recorded(tmp_path: Path) -> None:
    space = load_space("spaces/tiny.nas")
    run = RunFolder.create(tmp_path / "run", space, Config(), dataset="/old", dataset_digest="d1")
    run.write_config(Config(), dataset="/new")
    best = run.best / "checkpoint" / "arch.json"
    assert place_of_run(best, "d1") == place_of_run(run.best / "arch.json", "d1") == "/new"
    assert place_of_run(tmp_path / "run" / "trained" / "arch.json", "d1") == "/new"
    assert place_of_run(best, "d2") is None  # trained on other data
    assert place_of_run(best, "") is None
    assert place_of_run(tmp_path / "elsewhere" / "arch.json", "d1") is None
    (tmp_path / "run" / "run.json").write_text("{")
    assert place_of_run(best, "d1") is None
