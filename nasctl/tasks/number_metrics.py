"""Metrics of predicted numbers, as scikit-learn defines them: for each number, then the mean over the numbers.

Letters: N examples, K numbers.
"""

from __future__ import annotations

import numpy as np


def rmse(predicted: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The root of the mean squared error of each number, (K,), of (N, K) predicted and true ones in float64."""
    error: np.ndarray = np.sqrt(np.mean((predicted - numbers) ** 2, axis=0))
    return error


def mae(predicted: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The mean absolute error of each number, (K,)."""
    error: np.ndarray = np.mean(np.abs(predicted - numbers), axis=0)
    return error


def r2(predicted: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The share of the variance of each number that is explained, (K,): 1 - residual / total sum of squares.

    For a number that never varies it is 1 if all predictions are right, and 0 else.
    """
    residual = np.sum((predicted - numbers) ** 2, axis=0)
    total = np.sum((numbers - numbers.mean(0)) ** 2, axis=0)
    constant = np.where(residual == 0, 1.0, 0.0)
    explained: np.ndarray = 1 - np.divide(residual, total, out=1 - constant, where=total > 0)
    return explained
