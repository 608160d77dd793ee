import pytest

from nasctl.dialects import load_space, parse_space
from nasctl.engine import default_dataset, search, task_of
from nasctl.errors import NasctlError

TEXT, IMAGES = load_space("spaces/rnn.nas"), load_space("spaces/cnn.nas")


def test_the_default_data_set_is_one_that_the_networks_read() -> None:
    assert (default_dataset(TEXT), default_dataset(IMAGES)) == ("pydoc", "digits")


def test_a_space_without_networks_fits_every_data_set_and_has_no_default() -> None:
    plain = parse_space("space choices\np in {0, 1}\n", name="plain")
    assert task_of(plain, "digits").name == "digits"
    with pytest.raises(NasctlError, match="plain has no networks"):
        default_dataset(plain)


def test_what_does_not_fit_is_said_in_the_person_s_words(tmp_path) -> None:
    with pytest.raises(
        NasctlError, match="networks of rnn read text, but digits is a data set of images"
    ) as caught:
        search(TEXT, dataset="digits", out=tmp_path / "run")
    assert "pydoc" in caught.value.hint
    assert not (tmp_path / "run").exists()
    (tmp_path / "book.txt").write_text("a b c\n" * 100, encoding="utf-8")
    with pytest.raises(NasctlError, match="read images, but .* is a data set of text"):
        task_of(IMAGES, str(tmp_path / "book.txt"))


def test_several_children_at_once_need_cells_that_can_share_a_program(tmp_path) -> None:
    with pytest.raises(NasctlError, match="cannot be trained 4 at a time"):
        search(IMAGES, settings={"search": {"children_per_device": 4}}, out=tmp_path / "run")
