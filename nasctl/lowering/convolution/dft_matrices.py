"""The constant matrices of `fourier`: discrete Fourier transforms of real arrays, written with real numbers.

Letters: n values along an axis; L the length of its transform. Of the L frequencies r are real, that is, their own
conjugates. The other 2c form conjugate pairs, so L = r + 2c.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Complex, Float

from nasctl.lowering.convolution.axis import Axis

Matrix = Float[np.ndarray, "_ _"]
Waves = Complex[np.ndarray, "_ _"]
"""A complex transform: a row for each frequency, a column for each value along the axis."""


class Stages(NamedTuple):
    """The two stages in which an operand is transformed; None leaves an axis as it is.

    The first entry of each stage serves the real lines. The second, if there is one, serves the complex lines, each as
    a pair of its real and its imaginary part.

    Attributes:
      vertical: (r, n) for the real lines and (2c, n) for the pairs.
      horizontal: (r + 3c, n) for the real lines and (3L, 2n) for the pairs.
    """

    vertical: tuple[Matrix | None, ...]
    horizontal: tuple[Matrix | None, ...]


class MultiplicationCount(NamedTuple):
    """Number of multiplications that a Fourier convolution takes for one example.

    Attributes:
      factors: For each channel and filter: the products of the spectra.
      maps: For each channel: the transform of the maps.
      output: For each filter: the inverse transform of the output.
    """

    factors: int
    maps: int
    output: int


class Matrices(NamedTuple):
    """The stages of the maps, of the kernel and of the gradient of the output.

    The transpose of the last is the inverse transform of the output.
    """

    maps: Stages
    kernel: Stages
    output: Stages


@lru_cache(maxsize=64)
def matrices_of(height: Axis, width: Axis) -> Matrices:
    """Computes the matrices of a convolution; an axis with a single tap is not transformed.

    Args:
      height: The vertical axis.
      width: The horizontal axis. At least one of the two has more than one tap.
    """
    if width.taps == 1:
        return Matrices(*(Stages((vertical,), (None,)) for vertical in _factors(height)))
    if height.taps == 1:
        return Matrices(*(Stages((None,), (horizontal,)) for horizontal in _factors(width)))
    real, length = _real_frequencies(length_of(height)), length_of(height)
    horizontal = zip(_factors(width), _factors_of_pairs(width), strict=True)
    kinds = 1 if real == length else 2
    return Matrices(
        *(
            Stages((lines[:real], lines[real:])[:kinds], both[:kinds])
            for lines, both in zip(_lines(height), horizontal, strict=True)
        )
    )


def count_multiplications(height: Axis, width: Axis) -> MultiplicationCount:
    """Counts the multiplications of a convolution; if both axes have a single tap, nothing is transformed.

    Args:
      height: The vertical axis.
      width: The horizontal axis.
    """
    if height.taps == width.taps == 1:
        return MultiplicationCount(height.size * width.size, 0, 0)
    if width.taps == 1:
        factors = _number_of_factors(height) * width.size
        return MultiplicationCount(factors, factors * height.size, factors * height.output_size)
    if height.taps == 1:
        factors = height.size * _number_of_factors(width)
        return MultiplicationCount(factors, factors * width.size, factors * width.output_size)
    lines = length_of(height)
    real = _real_frequencies(lines)
    of_real, of_pairs = real * _number_of_factors(width), (lines - real) // 2 * 3 * length_of(width)
    horizontal = of_real + 2 * of_pairs
    return MultiplicationCount(
        of_real + of_pairs,
        (lines * height.size + horizontal) * width.size,
        (lines * height.output_size + horizontal) * width.output_size,
    )


def _number_of_factors(axis: Axis) -> int:
    """Counts the real products of a transform along real lines: one for a real frequency, three for a pair."""
    length = length_of(axis)
    real = _real_frequencies(length)
    return real + 3 * (length - real) // 2


def length_of(axis: Axis) -> int:
    """Returns L, the smallest length at which no tap wraps around onto the other end of the maps."""
    return axis.size + max(axis.pad_before, axis.pad_after, 0)


def _real_frequencies(length: int) -> int:
    """Counts the real frequencies: the constant and, if the length is even, the one that alternates in sign."""
    return 2 - length % 2


def _waves(axis: Axis) -> tuple[Waves, Waves, Waves]:
    """Returns the complex transforms of maps, kernel and output.

    The rows are the real frequencies, then one of each conjugate pair, then the conjugates.
    """
    length = length_of(axis)
    real = np.arange(_real_frequencies(length)) * (length // 2)
    pairs = np.arange(1, (length + 1) // 2)
    turn = 2j * np.pi * np.concatenate([real, pairs, length - pairs])[:, None] / length
    return (
        np.exp(-turn * np.arange(axis.size)),
        np.exp(turn * (np.arange(axis.taps) - axis.pad_before)),
        np.exp(turn * (np.arange(axis.output_size) * axis.stride)) / length,
    )


def _half(axis: Axis) -> tuple[tuple[Matrix, Waves], ...]:
    """Returns the real frequencies and one of each pair; that of the output is doubled to stand for both."""
    length = length_of(axis)
    real = _real_frequencies(length)
    maps, kernel, output = ((waves[:real].real, waves[real : (length + real) // 2]) for waves in _waves(axis))
    return maps, kernel, (output[0], 2 * output[1])


def _factors(axis: Axis) -> tuple[Matrix, ...]:
    """Transforms real lines horizontally, to the real frequencies and the three factors of one of each pair."""
    maps, kernel, output = _half(axis)
    return (
        np.concatenate([maps[0], _three_factors(maps[1])]),
        np.concatenate([kernel[0], _three_factors(kernel[1])]),
        np.concatenate([output[0], _coefficients(output[1])]),
    )


def _lines(axis: Axis) -> tuple[Matrix, ...]:
    """Transforms vertically, to the real frequencies and both parts of one of each pair."""
    maps, kernel, output = _half(axis)
    return (
        np.concatenate([maps[0], _real_and_imaginary(maps[1])]),
        np.concatenate([kernel[0], _real_and_imaginary(kernel[1])]),
        np.concatenate([output[0], _real_and_imaginary(output[1].conj())]),
    )


def _factors_of_pairs(axis: Axis) -> tuple[Matrix, ...]:
    """Transforms complex lines horizontally, given as pairs (z, w) of z + iw, to the factors of all frequencies."""
    maps, kernel, output = _waves(axis)
    return (
        _three_factors(np.concatenate([maps, 1j * maps], axis=1)),
        _three_factors(np.concatenate([kernel, 1j * kernel], axis=1)),
        _coefficients(np.concatenate([output, -1j * output], axis=1)),
    )


def _three_factors(waves: Waves) -> Matrix:
    """Returns a, b and a + b for each a + ib: the factors of the three real products of a complex product."""
    return np.concatenate([waves.real, waves.imag, waves.real + waves.imag])


def _coefficients(waves: Waves) -> Matrix:
    """Returns the coefficients of p, q and s in Re(e (p - q + i (s - p - q))) for each wave e."""
    return np.concatenate([waves.real + waves.imag, waves.imag - waves.real, -waves.imag])


def _real_and_imaginary(waves: Waves) -> Matrix:
    """Returns the real and the imaginary part of each row in turn."""
    return np.stack([waves.real, waves.imag], axis=1).reshape(2 * waves.shape[0], waves.shape[1])
