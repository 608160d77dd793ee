import re
from pathlib import Path

import numpy as np
import pytest

from nasctl.cli.console import results
from nasctl.cli.eval_tables import check_picture, print_details, require_confusion, write_picture
from nasctl.errors import NasctlError
from nasctl.target_kind import TargetKind
from nasctl.tasks.details import Details, Row


def of_classes(confusion: np.ndarray, names: list[str]) -> Details:
    totals = confusion.sum(1)
    recalls = [float(confusion[row, row] / totals[row]) if totals[row] else None for row in range(len(names))]
    rows = [
        Row(name, {"precision": 1.0, "recall": recall, "f1": recall, "examples": int(total)})
        for name, recall, total in zip(names, recalls, totals, strict=True)
    ]
    return Details("class", tuple(rows), confusion)


def printed(details: Details, capsys: pytest.CaptureFixture[str]) -> str:
    print_details(results(), details)
    return capsys.readouterr().out


def test_classes_and_their_confusion(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(of_classes(np.array([[40, 10, 0], [0, 1000, 0], [0, 0, 0]]), ["猫", "dog", "x"]), capsys)
    assert re.search(r"猫 +100.0 % +80.0 % +80.0 % +50\n", lines)
    assert re.search(r"x +100.0 % +– +– +0\n", lines)
    assert re.search(r"Confusion matrix: a row for each class.*\n +猫 +dog +x\n猫 +40 +10 +·\n", lines)


def test_ten_digits_have_a_matrix(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(of_classes(36 * np.eye(10, dtype=int), list("0123456789")), capsys)
    assert re.search(r"\n9( +·){9} +36\n", lines)


def test_of_many_classes_the_worst_are_listed_and_the_most_confused_pairs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    confusion = 100 * np.eye(60, dtype=int)
    confusion[7, 3], confusion[9, 2] = 60, 5
    lines = printed(of_classes(confusion, [f"species {number}" for number in range(60)]), capsys)
    assert lines.index("species 7 ") < lines.index("species 9 ")
    assert "and 40 more, which are predicted better" in lines
    assert "Confusion matrix" not in lines
    assert re.search(r"species 7 +species 3 +60 +160 \(37.5 %\)", lines)
    assert len(re.findall("species", lines.split("confused most")[1])) == 4


def test_networks_without_errors_have_no_confused_pairs(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(of_classes(np.eye(60, dtype=int), [f"species {number}" for number in range(60)]), capsys)
    assert "confused" not in lines


def test_numbers_have_the_quantiles_of_their_errors(capsys: pytest.CaptureFixture[str]) -> None:
    details = Details("number", (Row("weight", {"r2": 0.91, "rmse": 12.3456, "residual_5%": -20.0}),))
    lines = printed(details, capsys)
    assert re.search(r"number +r2 +rmse +error 5 %\nweight +0.91 +12.35 +-20\nerrors: quantiles", lines)


@pytest.mark.parametrize("suffix", [".svg", ".PNG"])
def test_the_confusion_matrix_is_drawn_into_a_file(tmp_path: Path, suffix: str) -> None:
    output = tmp_path / f"confusion{suffix}"
    check_picture(output)
    write_picture(output, of_classes(np.eye(2, dtype=int), ["a", "b"]), "two classes")
    assert output.read_bytes().startswith(b"<svg" if suffix == ".svg" else b"\x89PNG")


def test_other_files_and_other_tasks_have_no_picture(tmp_path: Path) -> None:
    with pytest.raises(NasctlError, match="must end in .svg or .png"):
        check_picture(tmp_path / "confusion.jpg")
    with pytest.raises(NasctlError, match="one class for each example"):
        write_picture(tmp_path / "a.svg", Details("number", (Row("x", {"r2": 1.0}),)), "numbers")
    with pytest.raises(NasctlError, match="one class for each example"):
        require_confusion(TargetKind.NUMBERS)
    require_confusion(TargetKind.CLASS)
