"""Metrics of predicted classes and labels, as scikit-learn defines them.

Letters: N examples, K classes or labels.
"""

from __future__ import annotations

import numpy as np

Matrix = np.ndarray
"""An array of two axes."""


def probabilities(logits: np.ndarray) -> np.ndarray:
    """The softmax of logits, (N, K), in float64."""
    exponentials = np.exp(logits - logits.max(1, keepdims=True), dtype=np.float64)
    normalised: np.ndarray = exponentials / exponentials.sum(1, keepdims=True)
    return normalised


def confusion_matrix(labels: np.ndarray, predicted: np.ndarray, classes: int) -> Matrix:
    """The number of examples of each class by the class that was predicted for them.

    Args:
      labels: The class of each example, (N,).
      predicted: The predicted class, (N,).
      classes: K.

    Returns:
      (K, K) as int64: a row for each class, a column for each predicted class.
    """
    counts = np.bincount(labels.astype(np.int64) * classes + predicted, minlength=classes**2)
    return counts.reshape(classes, classes)


def recalls(confusion: Matrix) -> np.ndarray:
    """The share of the examples of each class that are predicted as this class, (K,); NaN for a class without any."""
    return _share(np.diag(confusion), confusion.sum(1), empty=np.nan)


def precisions(confusion: Matrix) -> np.ndarray:
    """The share of the predictions of each class that are right, (K,); 0 for a class that is never predicted."""
    return _share(np.diag(confusion), confusion.sum(0), empty=0.0)


def f1_scores(confusion: Matrix) -> np.ndarray:
    """The harmonic mean of precision and recall of each class, (K,); NaN for one neither present nor predicted."""
    return _share(2 * np.diag(confusion), confusion.sum(0) + confusion.sum(1), empty=np.nan)


def f1_of_labels(labels: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """The harmonic mean of precision and recall of each label, (K,); 0 for one neither present nor predicted.

    Args:
      labels: Whether each label applies, (N, K).
      predicted: Whether each label is predicted, (N, K).
    """
    present, predicted = labels.astype(bool), predicted.astype(bool)
    return _share(2 * (present & predicted).sum(0), present.sum(0) + predicted.sum(0), empty=0.0)


def top_share(logits: np.ndarray, labels: np.ndarray, count: int) -> float:
    """The share of examples whose class is among the most probable ones. Of equal logits, later classes come first.

    Args:
      logits: (N, K).
      labels: The class of each example, (N,).
      count: The number of most probable classes.
    """
    own = np.take_along_axis(logits, labels[:, None].astype(np.int64), axis=1)
    later = np.arange(logits.shape[1]) > labels[:, None]
    before = (logits > own).sum(1) + ((logits == own) & later).sum(1)
    return float((before < count).mean())


def auroc(scores: np.ndarray, positive: np.ndarray) -> float:
    """The area under the receiver operating characteristic: the probability that a positive example scores higher.

    Equal scores count as one half. It is the sum of the ranks of the positive examples (Mann & Whitney 1947).

    Args:
      scores: The score of each example, (N,).
      positive: Whether the example is positive, (N,).

    Returns:
      A value from 0 to 1; NaN if no example or every example is positive.
    """
    positives = np.sort(scores[positive])
    negatives = np.sort(scores[~positive])
    if not (len(positives) and len(negatives)):
        return float("nan")
    fewer, more = sorted((positives, negatives), key=len)
    below = np.searchsorted(more, fewer, "left").sum() + np.searchsorted(more, fewer, "right").sum()
    area = float(below) / (2 * len(fewer) * len(more))
    return area if fewer is positives else 1 - area


def auroc_of_classes(logits: np.ndarray, labels: np.ndarray) -> float:
    """The mean AUROC of each class against all others, over the classes that have examples.

    Args:
      logits: (N, K). The score of a class is its probability.
      labels: The class of each example, (N,).

    Returns:
      A value from 0 to 1; NaN if all examples have the same class.
    """
    present = np.unique(labels)
    if len(present) < 2:
        return float("nan")
    if logits.shape[1] == 2:
        present = present[1:]  # the area of the other class is the same
    scores = probabilities(logits)
    return float(np.mean([auroc(scores[:, number], labels == number) for number in present]))


def auroc_of_labels(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The AUROC of each label, (K,); NaN for a label that applies to no example or to all.

    Args:
      logits: (N, K).
      labels: Whether each label applies, (N, K).
    """
    present = labels.astype(bool)
    return np.array([auroc(logits[:, number], present[:, number]) for number in range(logits.shape[1])])


def mean_of_known(values: np.ndarray) -> float:
    """The mean of the values that are not NaN; NaN if all are."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _share(part: np.ndarray, whole: np.ndarray, *, empty: float) -> np.ndarray:
    share: np.ndarray = np.divide(part, whole, out=np.full(len(whole), empty), where=whole > 0)
    return share
