"""Metrics of classes and labels against scikit-learn's on the same predictions."""

import time
import warnings

import numpy as np
import pytest
from sklearn import metrics as reference

from nasctl.tasks import class_metrics as ours


def noisy(count: int, classes: int, seed: int, *, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Logits that know something of the labels."""
    random = np.random.default_rng(seed)
    labels = random.choice(classes, count, p=random.dirichlet(np.ones(classes))).astype(np.int32)
    labels[:classes] = np.arange(classes)
    logits = random.normal(size=(count, classes)) + 1.5 * np.eye(classes)[labels]
    return (logits.round() if ties else logits).astype(np.float32), labels


@pytest.fixture(params=[(200, 2, 0, False), (300, 7, 1, False), (300, 7, 2, True), (1000, 40, 3, False)])
def predictions(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    count, classes, seed, ties = request.param
    return noisy(count, classes, seed, ties=ties)


def test_the_confusion_matrix(predictions) -> None:
    logits, labels = predictions
    expected = reference.confusion_matrix(labels, logits.argmax(1), labels=range(logits.shape[1]))
    assert np.array_equal(ours.confusion_matrix(labels, logits.argmax(1), logits.shape[1]), expected)


def test_precision_recall_and_f1_of_each_class(predictions) -> None:
    logits, labels = predictions
    confusion = ours.confusion_matrix(labels, logits.argmax(1), logits.shape[1])
    precision, recall, f1, _ = reference.precision_recall_fscore_support(
        labels, logits.argmax(1), zero_division=0
    )
    np.testing.assert_allclose(ours.precisions(confusion), precision)
    np.testing.assert_allclose(ours.recalls(confusion), recall)
    np.testing.assert_allclose(ours.f1_scores(confusion), f1)
    assert ours.mean_of_known(ours.recalls(confusion)) == pytest.approx(
        reference.balanced_accuracy_score(labels, logits.argmax(1))
    )


def test_classes_that_the_split_lacks_are_left_out_as_in_scikit_learn() -> None:
    logits, labels = noisy(60, 5, 0)
    logits[:, 4] = -9  # never predicted
    labels = labels % 3
    confusion = ours.confusion_matrix(labels, logits.argmax(1), 5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        balanced = reference.balanced_accuracy_score(labels, logits.argmax(1))
    assert ours.mean_of_known(ours.recalls(confusion)) == pytest.approx(balanced)
    f1 = reference.f1_score(labels, logits.argmax(1), average="macro", zero_division=0)
    assert ours.mean_of_known(ours.f1_scores(confusion)) == pytest.approx(f1)


@pytest.mark.parametrize("most", [1, 3, 5])
def test_the_top_share(predictions, most: int) -> None:
    logits, labels = predictions
    classes = logits.shape[1]
    count = min(most, classes - 1)
    scores = logits if classes > 2 else logits[:, 1] - logits[:, 0]
    expected = reference.top_k_accuracy_score(labels, scores, k=count, labels=range(classes))
    assert ours.top_share(logits, labels, count) == pytest.approx(expected)


def test_equal_logits_do_not_count_as_found() -> None:
    assert ours.top_share(np.zeros((10, 10), np.float32), np.arange(10), 5) == 0.5


def test_the_auroc_of_classes(predictions) -> None:
    logits, labels = predictions
    scores = ours.probabilities(logits)
    if logits.shape[1] == 2:
        expected = reference.roc_auc_score(labels, scores[:, 1])
    else:
        expected = reference.roc_auc_score(labels, scores, multi_class="ovr", average="macro")
    assert ours.auroc_of_classes(logits, labels) == pytest.approx(expected, abs=1e-12)


def test_the_auroc_of_classes_that_are_present() -> None:
    logits, labels = noisy(80, 6, 0)
    labels = labels % 4
    scores = ours.probabilities(logits)
    each = [reference.roc_auc_score(labels == number, scores[:, number]) for number in range(4)]
    assert ours.auroc_of_classes(logits, labels) == pytest.approx(np.mean(each), abs=1e-12)
    assert np.isnan(ours.auroc_of_classes(logits, np.zeros(80, np.int32)))


@pytest.mark.parametrize("ties", [False, True])
def test_the_auroc_and_f1_of_labels(ties: bool) -> None:
    random = np.random.default_rng(0)
    labels = (random.random((200, 6)) < [0.02, 0.1, 0.3, 0.5, 0.8, 0.97]).astype(np.uint8)
    logits = (random.normal(size=labels.shape) + 2 * labels - 1).astype(np.float32)
    logits = logits.round() if ties else logits
    expected = reference.roc_auc_score(labels, logits, average=None)
    np.testing.assert_allclose(ours.auroc_of_labels(logits, labels), expected, atol=1e-12)
    expected = reference.f1_score(labels, logits > 0, average=None, zero_division=0)
    np.testing.assert_allclose(ours.f1_of_labels(labels, logits > 0), expected)


def test_a_label_that_no_example_or_every_example_has_no_auroc() -> None:
    labels = np.array([[0, 1, 1], [0, 1, 0]], np.uint8)
    values = ours.auroc_of_labels(np.array([[1.0, 2, 3], [0, 0, 0]], np.float32), labels)
    assert np.isnan(values[:2]).all() and values[2] == 1
    assert ours.mean_of_known(values) == 1
    assert np.isnan(ours.mean_of_known(values[:2]))


def test_ten_thousand_examples_of_ten_classes_take_milliseconds() -> None:
    logits, labels = noisy(10_000, 10, 0)
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        ours.auroc_of_classes(logits, labels)
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.1  # 8 ms on an idle core
