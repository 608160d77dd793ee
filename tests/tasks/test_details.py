from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as reference

from nasctl.datasets import Dataset, Examples
from nasctl.files.json_text import write_json
from nasctl.target_kind import TargetKind
from nasctl.tasks import supervised_task
from nasctl.tasks.details import details_of

RANDOM = np.random.default_rng(0)
NAMES = ("a", "b", "c")


def task_of(labels: np.ndarray, target: TargetKind):
    examples = Examples(np.arange(len(labels), dtype=np.float32).reshape(-1, 1, 1, 1), labels)
    return supervised_task(Dataset("x", "image", examples, examples, NAMES, target=target))


def test_classes_are_those_of_the_report_of_scikit_learn() -> None:
    labels = RANDOM.integers(0, 3, 90).astype(np.int32)
    outputs = (RANDOM.normal(size=(90, 3)) + np.eye(3)[labels]).astype(np.float32)
    details = details_of(task_of(labels, TargetKind.CLASS), outputs, labels)
    report = reference.classification_report(labels, outputs.argmax(1), output_dict=True)
    assert [row.name for row in details.rows] == list(NAMES)
    for number, row in enumerate(details.rows):
        expected = report[str(number)]
        assert row.values == {
            "precision": pytest.approx(expected["precision"]),
            "recall": pytest.approx(expected["recall"]),
            "f1": pytest.approx(expected["f1-score"]),
            "examples": expected["support"],
        }
    assert details.to_json()["confusion"] == reference.confusion_matrix(labels, outputs.argmax(1)).tolist()


def test_a_class_that_the_split_lacks_has_no_recall() -> None:
    labels = np.array([0, 1] * 10, np.int32)
    details = details_of(task_of(labels, TargetKind.CLASS), np.eye(3, dtype=np.float32)[labels], labels)
    assert details.rows[2].values == {"precision": 0.0, "recall": None, "f1": None, "examples": 0}
    assert "NaN" not in write_json(details.to_json())


def test_labels_are_those_of_scikit_learn() -> None:
    labels = (RANDOM.random((90, 3)) < [0.1, 0.5, 0.9]).astype(np.uint8)
    outputs = (RANDOM.normal(size=(90, 3)) + labels - 0.5).astype(np.float32)
    details = details_of(task_of(labels, TargetKind.LABELS), outputs, labels)
    precision, recall, f1, support = reference.precision_recall_fscore_support(labels, outputs > 0)
    for number, row in enumerate(details.rows):
        assert row.values == {
            "auroc": pytest.approx(reference.roc_auc_score(labels[:, number], outputs[:, number])),
            "precision": pytest.approx(precision[number]),
            "recall": pytest.approx(recall[number]),
            "f1": pytest.approx(f1[number]),
            "examples": support[number],
        }
    assert details.confusion is None
    assert list(details.to_json()) == ["labels"]


def test_numbers_have_their_errors_in_their_units() -> None:
    numbers = RANDOM.normal([10, 200, -3], [1, 30, 0.1], (90, 3)).astype(np.float32)
    task = task_of(numbers, TargetKind.NUMBERS)
    exact = replace(task.target, mean=(0.0, 0.0, 0.0), deviation=(1.0, 1.0, 1.0))
    details = details_of(replace(task, target=exact), numbers + np.array([1, -2, 0]), numbers)
    for row, error in zip(details.rows, (1, -2, 0), strict=True):
        assert row.values["rmse"] == row.values["mae"] == pytest.approx(abs(error), abs=1e-5)
        assert row.values["residual_50%"] == pytest.approx(error, abs=1e-5)
        assert list(row.values)[3:] == [f"residual_{share}%" for share in (5, 25, 50, 75, 95)]
