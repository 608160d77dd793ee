import io
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image

from nasctl.render.confusion import confusion_png, confusion_svg, lay_out_confusion

NAMES = ("猫", "собака", "قط", "<b>&\x1b[31m", "a rather long name of a class that goes on", "dog", "")


@pytest.mark.parametrize("count", [2, 10, 30, 100])
def test_the_picture_fits_and_draws_every_class(count: int) -> None:
    names = [(NAMES[number] if number < len(NAMES) else f"class {number}") for number in range(count)]
    confusion = np.random.default_rng(0).integers(0, 50, (count, count))
    picture = lay_out_confusion(confusion, names, "flowers, test split")
    assert len(picture.cells) == count**2
    assert max(cell.x for cell in picture.cells) + picture.side <= picture.width
    assert picture.width < 1200 and picture.height < 1300
    root = ElementTree.fromstring(confusion_svg(picture))
    assert len(root.findall(".//{*}rect")) == count**2 + 1
    assert "\x1b" not in confusion_svg(picture)
    image = Image.open(io.BytesIO(confusion_png(picture)))
    assert image.size == (round(2 * picture.width), round(2 * picture.height))
    assert image.getpixel((0, 0)) == (255, 255, 255)


def test_cells_are_shaded_by_the_share_of_their_class() -> None:
    picture = lay_out_confusion(np.array([[75, 25], [0, 3]]), ["a", "b"], "two")
    assert [cell.shade for cell in picture.cells] == pytest.approx([0.75**0.5, 0.5, 0, 1])
    assert [cell.text for cell in picture.cells] == ["75", "25", "", "3"]
    assert [cell.right for cell in picture.cells] == [True, False, False, True]
    assert picture.cells[1].description == "a predicted as b: 25 (25.0 %)"


def test_a_class_without_examples_is_an_empty_row() -> None:
    picture = lay_out_confusion(np.array([[0, 0], [1, 1]]), ["a", "b"], "two")
    assert [cell.shade for cell in picture.cells[:2]] == [0, 0]
    assert not re.search("nan|inf", confusion_svg(picture))
