"""The size that images are brought to is the user's, or one that a network can be trained on."""

from pathlib import Path

import pytest
from image_drawing import draw

from nasctl.config import EARLIER_DATA, DataConfig
from nasctl.datasets import load
from nasctl.datasets.encoding import Encoding
from nasctl.datasets.image_format import ImageFormat
from nasctl.datasets.images.choice import with_image_size
from nasctl.datasets.images.decoding import Header
from nasctl.datasets.images.folder import load_image_folder
from nasctl.datasets.images.size import image_format

pytestmark = pytest.mark.usefixtures("own_data_dir")


def headers(*sizes: tuple[int, int]) -> list[Header]:
    return [Header(height, width, False) for height, width in sizes]


@pytest.mark.parametrize(
    ("sizes", "chosen"),
    [
        ([(32, 32)] * 3, (32, 32)),
        ([(48, 64)] * 3, (48, 64)),
        ([(64, 65)] * 3, (64, 64)),
        ([(480, 640)] * 3, (64, 64)),
        ([(480, 640), (640, 480), (1000, 100)], (64, 64)),
        ([(20, 30), (30, 24), (40, 60)], (24, 24)),
        ([(1, 1), (1, 2)], (1, 1)),
    ],
)
def test_the_size_is_at_most_64_and_not_above_the_images(
    sizes: list[tuple[int, int]], chosen: tuple[int, int]
) -> None:
    form = image_format(headers(*sizes), DataConfig())
    assert (form.height, form.width, form.fit) == (*chosen, "crop")


def test_an_accelerator_may_have_larger_images() -> None:
    form = image_format(headers((480, 640), (300, 200)), DataConfig(), largest=224)
    assert (form.height, form.width) == (224, 224)


@pytest.mark.parametrize(("text", "size"), [("40", (40, 40)), ("96x128", (96, 128))])
def test_the_user_chooses_the_size_and_the_fit(text: str, size: tuple[int, int]) -> None:
    form = image_format(headers((10, 10)), DataConfig(image_size=text, fit="pad"))
    assert form == ImageFormat(*size, 3, "pad")


def test_the_size_of_earlier_versions_is_the_most_frequent_one() -> None:
    form = image_format(headers((90, 80), (70, 60), (90, 80)), EARLIER_DATA)
    assert form == ImageFormat(90, 80, 3, "stretch")


def test_images_have_one_channel_if_all_are_grey() -> None:
    grey = Header(8, 8, True)
    assert image_format([grey, grey], DataConfig()).channels == 1
    assert image_format([grey, Header(8, 8, False)], DataConfig()).channels == 3


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    for number in range(6):
        draw(tmp_path / "ab"[number % 2] / f"{number}.png", number, size=(90, 70), mode="RGB")
    return tmp_path


def test_the_chosen_size_is_noted(photographs: Path) -> None:
    assert load_image_folder(photographs).notes[-1] == (
        "images are scaled and cropped to 64×64; --image-size chooses another size"
    )
    settings = DataConfig(image_size="20x30", fit="stretch")
    assert load_image_folder(photographs, settings=settings).notes[-1] == "images are stretched to 20×30"


def test_the_settings_and_the_encoding_decide_the_size_by_name(photographs: Path) -> None:
    dataset = load(str(photographs), settings=DataConfig(image_size="20x30"))
    assert dataset.train.inputs.shape[1:] == (20, 30, 3)
    assert dataset.image == ImageFormat(20, 30, 3, "crop")
    encoding = Encoding(("a", "b"), image=ImageFormat(10, 11, 1, "pad"))
    other = load(str(photographs), settings=DataConfig(image_size="20x30"), encoding=encoding)
    assert other.train.inputs.shape[1:] == (10, 11, 1)
    assert other.digest != dataset.digest


def test_a_machine_chooses_the_size_before_images_are_decoded(photographs: Path, tmp_path: Path) -> None:
    chosen = with_image_size(str(photographs), tmp_path / "kept", DataConfig(), largest=224)
    assert chosen == DataConfig(image_size="70x90")
    small = with_image_size(str(photographs), tmp_path / "kept", DataConfig(), largest=50)
    assert small == DataConfig(image_size="50")
    for name, settings in ((str(photographs), DataConfig(image_size="20")), ("digits", DataConfig())):
        assert with_image_size(name, tmp_path / "kept", settings, largest=224) == settings
