"""`input image { … }`: the size of images and their fit, which a space may set."""

import pytest

from nasctl.config import DataConfig
from nasctl.dialects import parse_space
from nasctl.dialects.formatting import format_space
from nasctl.dsl import Source, SpaceError
from nasctl.settings import resolve

CNN = "space cnn {} layers 1 layer {{ conv {{ size 3 filters 8 }} }}"
CELL = "space cell {} cell {{ edges in {{none, conv_3x3}} }}"


def parsed(end: str, space: str = CNN):
    return parse_space(space.format(end), name="test")


@pytest.mark.parametrize("space", [CNN, CELL], ids=["cnn", "cell"])
@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("", DataConfig()),
        ("{}", DataConfig()),
        ("{ size 64 }", DataConfig(image_size="64")),
        ("{ height 96 width 128 fit pad }", DataConfig(image_size="96x128", fit="pad")),
        ("{ fit stretch }", DataConfig(fit="stretch")),
        ("{ size 2 * 16 fit crop }", DataConfig(image_size="32", fit="crop")),
    ],
)
def test_the_size_and_the_fit_are_settings_of_the_data(form: str, expected: DataConfig, space: str) -> None:
    assert resolve(parsed(f"input image {form}", space).defaults).data == expected


def test_the_command_line_takes_precedence() -> None:
    config = resolve(parsed("input image { size 64 fit pad }").defaults, {"data": {"image_size": "32"}})
    assert config.data == DataConfig(image_size="32", fit="pad")


def test_numbers_may_use_the_names_of_let() -> None:
    space = parse_space(CNN.format("let side = 48 input image { height side width 2 * side }"), name="test")
    assert space.defaults["data"] == {"image_size": "48x96"}


def test_the_form_is_not_part_of_the_space() -> None:
    assert parsed("input image { size 64 }").hash == parsed("input image").hash == parsed("").hash


def test_a_file_overrides_the_form_of_the_file_that_it_includes(tmp_path) -> None:
    (tmp_path / "base.nas").write_text(CNN.format("input image { size 64 fit pad }"))
    path = tmp_path / "test.nas"
    for text, expected in (
        ("", {"image_size": "64", "fit": "pad"}),
        ("input image { size 32 }", {"image_size": "32"}),
    ):
        path.write_text(f'space cnn include "base.nas" {text}')
        assert parse_space(path.read_text(), name="test", path=str(path)).defaults["data"] == expected


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("{ size 0 }", "`size` is a whole number of pixels from 1 to 99,999, not 0"),
        ("{ size 100000 }", "`size` is a whole number of pixels from 1 to 99,999, not 100000"),
        ("{ size 1.5 }", "`size` is a whole number of pixels from 1 to 99,999, not 1.5"),
        ('{ size "64" }', "`size` is a whole number of pixels from 1 to 99,999, not 64"),
        ("{ size large }", "`large` is neither a number nor defined by `let`"),
        ("{ size 64 size 32 }", "`size` is given twice"),
        ("{ height 64 }", "the images lack their width"),
        ("{ width 64 fit pad }", "the images lack their height"),
        ("{ size 64 width 64 }", "the images have a `size` already"),
        ("{ fit 3 }", "images cannot fit by `3`"),
        ("{ fit squeeze }", "images cannot fit by `squeeze`"),
        ("{ channels 3 }", "images have no `channels`"),
        ("{ size in {32, 64} }", "the `size` of images cannot be decided"),
    ],
)
def test_a_mistake_has_a_message(form: str, message: str) -> None:
    with pytest.raises(SpaceError) as caught:
        parsed(f"input image {form}")
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("written", "formatted"),
    [
        ("input image{size   64  fit pad}", "input image { size 64  fit pad }"),
        ("input image {\n height 96\n  width 128 }", "input image {\n  height 96\n  width 128\n}"),
    ],
)
def test_the_form_is_laid_out_as_other_blocks(written: str, formatted: str) -> None:
    assert formatted in format_space(Source("test.nas", CNN.format(written)))
