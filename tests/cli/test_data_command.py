"""`nasctl data`: what is listed, what a check says, and what is prepared."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from nasctl.cli.main import app
from nasctl.errors import NasctlError
from nasctl.tasks import make_task
from nasctl.tasks.report import report_of

RNG = np.random.default_rng(0)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["data", *arguments])
    if result.exception is not None:
        raise result.exception
    return result.stdout


def save(folder: Path, **arrays: object) -> str:
    np.savez(folder / "a.npz", **{name: np.asarray(array) for name, array in arrays.items()})
    return str(folder / "a.npz")


def pixels(count: int) -> np.ndarray:
    return RNG.integers(0, 256, (count, 8, 8, 3), np.uint8)


def test_the_names_are_listed(tmp_path: Path) -> None:
    listed = {
        known["name"]: known for known in json.loads(run("list", "--data-dir", str(tmp_path), "--json"))
    }
    assert {"digits", "cifar10", "pydoc", "mnist", "fashion_mnist"} <= listed.keys()
    assert listed["digits"]["shape"] == [8, 8, 1]
    assert not listed["cifar10"]["prepared"]
    run("prepare", "digits", "--data-dir", str(tmp_path))
    assert str(tmp_path / "digits") in run("list", "--data-dir", str(tmp_path))


def test_a_preparation_says_where_and_how_large(tmp_path: Path) -> None:
    first = json.loads(run("prepare", "digits", "--data-dir", str(tmp_path), "--json"))
    assert Path(first["folder"]).is_relative_to(tmp_path / "digits")
    assert first["bytes"] > 1797 * 64
    again = json.loads(run("prepare", "digits", "--data-dir", str(tmp_path), "--json"))
    assert (again["folder"], again["bytes"]) == (None, 0)
    assert "needs no preparation" in run("prepare", "digits", "--data-dir", str(tmp_path))


def test_a_check_counts_the_classes_of_each_split(tmp_path: Path) -> None:
    labels = np.arange(60) % 3
    path = save(tmp_path, x_train=pixels(60), y_train=labels, x_test=pixels(4), y_test=[0, 1, 2, 2])
    found = json.loads(run("check", path, "--json"))
    assert (found["kind"], found["target"], found["shape"]) == ("image", "class", [8, 8, 3])
    assert found["examples"]["train"] + found["examples"]["validation"] == 60
    assert found["counts"]["test"] == [1, 1, 2]
    assert [
        sum(part) for part in zip(found["counts"]["train"], found["counts"]["validation"], strict=True)
    ] == [20] * 3
    printed = run("check", path)
    assert "one class of 3" in printed
    assert printed.splitlines()[-1] == f"  nasctl search spaces/cnn.nas --dataset {path}"
    printed = run("check", path, "--data-dir", "kept here")
    assert printed.splitlines()[-1].endswith(f" --dataset {path} --data-dir 'kept here'")


def test_a_check_prints_notes_and_other_targets(tmp_path: Path) -> None:
    several = run("check", save(tmp_path, x=pixels(80), y=RNG.integers(0, 2, (80, 3))))
    assert "any of 3 labels" in several
    assert "note: the rows of y have any number of ones" in several
    numbers = run("check", save(tmp_path, x=pixels(80), y=RNG.random(80) + 2))
    assert "predicted    a number" in numbers
    assert "smallest" in numbers


def test_many_classes_are_not_all_printed(tmp_path: Path) -> None:
    path = save(tmp_path, x=pixels(300), y=[f"kind {number % 50}" for number in range(300)])
    printed = run("check", path)
    assert "30 more between the 10 largest and the 10 smallest" in printed
    assert printed.partition("\n… ")[0].count("kind ") == 20


def test_text_has_a_vocabulary(tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text("the cat sat on the mat\n" * 60, encoding="utf-8")
    report = report_of(make_task(str(tmp_path / "book.txt"), data_dir=tmp_path))
    assert (report.vocabulary, report.class_names, report.counts) == (7, (), {})
    assert "the next text token of 7" in run("check", str(tmp_path / "book.txt"))


def test_what_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NasctlError, match="only one class"):
        run("check", save(tmp_path, x=pixels(9), y=np.zeros(9, int)))


def photographs(folder: Path) -> str:
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for number in range(6):
            Image.fromarray(pixels(1)[0]).resize((90, 60)).save(folder / name / f"{number}.png")
    return str(folder)


def test_images_are_checked_and_prepared_at_the_size_of_the_options(tmp_path: Path) -> None:
    folder = photographs(tmp_path / "photographs")
    options = ("--image-size", "16x20", "--fit", "pad", "--data-dir", str(tmp_path / "data"))
    prepared = json.loads(run("prepare", folder, *options, "--json"))
    assert prepared["bytes"] > 12 * 16 * 20 * 3
    checked = run("check", folder, *options)
    assert "16×20×3" in checked
    assert "--image-size 16x20 --fit pad" in checked
    assert "needs no preparation" in run("prepare", folder, *options)
