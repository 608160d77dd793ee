"""The commands that are printed for the user name the folder of data sets, where one was given."""

from __future__ import annotations

from pathlib import Path

import pytest

from nasctl.cli.search_view import SearchView
from nasctl.config import Config
from nasctl.dialects import parse_space


@pytest.mark.parametrize(
    ("data_dir", "options"),
    [(None, ""), (Path("my data"), " --data-dir 'my data'"), (Path("d"), " --data-dir d")],
)
def test_an_interrupted_search_is_resumed_with_its_folder_of_data_sets(
    data_dir: Path | None, options: str, capsys: pytest.CaptureFixture[str]
) -> None:
    view = SearchView(data_dir)
    view.search_started(Path("run"), parse_space("space choices\na in {1, 2}", name="s"), Config(), [])
    view.interrupted("s.nas", None)
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"resume with: nasctl search s.nas --resume --out run{options}"
    )
