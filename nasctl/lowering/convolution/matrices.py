"""The constant matrices of `transform`: discrete Fourier transforms of real maps, in real numbers.

Letters: n values along an axis; L the length of its transform, of which r frequencies are real, their own
conjugates, and the 2 c others come in conjugate pairs.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Complex, Float

from nasctl.lowering.axis import Axis

Matrix = Float[np.ndarray, "rows columns"]
Waves = Complex[np.ndarray, "L n"]


class Stages(NamedTuple):
    """How an operand is transformed, down its lines and then across them; None leaves an axis as it is.

    Attributes:
      down: (r, n) for the real lines and, where there are others, (2 c, n) for pairs of a real and an imaginary line.
      across: (r + 3 c, n) for the real lines and (3 L, 2 n) for the pairs.
    """

    down: tuple[Matrix | None, ...]
    across: tuple[Matrix | None, ...]


class Work(NamedTuple):
    """Multiplications that a transform convolution does for each example.

    Attributes:
      factors: For each channel and filter.
      maps: For each channel, to transform it.
      output: For each filter, to transform it back.
    """

    factors: int
    maps: int
    output: int


class Matrices(NamedTuple):
    """The stages of the two factors, and those of the output's gradient, whose transposes give the output."""

    maps: Stages
    kernel: Stages
    output: Stages


@lru_cache(maxsize=64)
def matrices_of(height: Axis, width: Axis) -> Matrices:
    """The matrices of a convolution; an axis with a single tap is left as it is."""
    if width.taps == 1:
        return Matrices(*(Stages((down,), (None,)) for down in _factors(height)))
    if height.taps == 1:
        return Matrices(*(Stages((None,), (across,)) for across in _factors(width)))
    real, length = _real_frequencies(length_of(height)), length_of(height)
    across = zip(_factors(width), _factors_of_pairs(width), strict=True)
    parts = 1 if real == length else 2
    return Matrices(
        *(
            Stages((lines[:real], lines[real:])[:parts], both[:parts])
            for lines, both in zip(_lines(height), across, strict=True)
        )
    )


def work_of(height: Axis, width: Axis) -> Work:
    """What a convolution takes; with a single tap along both axes nothing is transformed."""
    if height.taps == width.taps == 1:
        return Work(height.size * width.size, 0, 0)
    if width.taps == 1:
        factors = _number_of_factors(height) * width.size
        return Work(factors, factors * height.size, factors * height.places)
    if height.taps == 1:
        factors = height.size * _number_of_factors(width)
        return Work(factors, factors * width.size, factors * width.places)
    lines = length_of(height)
    real = _real_frequencies(lines)
    of_real, of_pairs = real * _number_of_factors(width), (lines - real) // 2 * 3 * length_of(width)
    across = of_real + 2 * of_pairs
    return Work(
        of_real + of_pairs,
        (lines * height.size + across) * width.size,
        (lines * height.places + across) * width.places,
    )


def _number_of_factors(axis: Axis) -> int:
    """Of a transform along real lines: one of each real frequency, three of each pair of others."""
    length = length_of(axis)
    real = _real_frequencies(length)
    return real + 3 * (length - real) // 2


def length_of(axis: Axis) -> int:
    """Length of an axis's transform: the smallest circle around which no tap reaches a map from behind."""
    return axis.size + max(axis.before, axis.after, 0)


def _real_frequencies(length: int) -> int:
    """How many there are: the constant and, where the length is even, that which changes sign at each point."""
    return 2 - length % 2


def _waves(axis: Axis) -> tuple[Waves, Waves, Waves]:
    """Of maps, kernel and output: the real frequencies, one of each pair, and then the others."""
    length = length_of(axis)
    real = np.arange(_real_frequencies(length)) * (length // 2)
    pairs = np.arange(1, (length + 1) // 2)
    turn = 2j * np.pi * np.concatenate([real, pairs, length - pairs])[:, None] / length
    return (
        np.exp(-turn * np.arange(axis.size)),
        np.exp(turn * (np.arange(axis.taps) - axis.before)),
        np.exp(turn * (np.arange(axis.places) * axis.stride)) / length,
    )


def _half(axis: Axis) -> tuple[tuple[Matrix, Waves], ...]:
    """The real frequencies and one of each pair; in the output it counts twice, for the other too."""
    length = length_of(axis)
    real = _real_frequencies(length)
    maps, kernel, output = ((waves[:real].real, waves[real : (length + real) // 2]) for waves in _waves(axis))
    return maps, kernel, (output[0], 2 * output[1])


def _factors(axis: Axis) -> tuple[Matrix, ...]:
    """Across real lines: the real frequencies, and the three products of one of each pair."""
    maps, kernel, output = _half(axis)
    return (
        np.concatenate([maps[0], _three(maps[1])]),
        np.concatenate([kernel[0], _three(kernel[1])]),
        np.concatenate([output[0], _shares(output[1])]),
    )


def _lines(axis: Axis) -> tuple[Matrix, ...]:
    """Down the lines: the real frequencies, and the two parts of one of each pair."""
    maps, kernel, output = _half(axis)
    return (
        np.concatenate([maps[0], _parts(maps[1])]),
        np.concatenate([kernel[0], _parts(kernel[1])]),
        np.concatenate([output[0], _parts(output[1].conj())]),
    )


def _factors_of_pairs(axis: Axis) -> tuple[Matrix, ...]:
    """Across a pair of lines, z and w of z + i w: the three products of all frequencies."""
    maps, kernel, output = _waves(axis)
    return (
        _three(np.concatenate([maps, 1j * maps], axis=1)),
        _three(np.concatenate([kernel, 1j * kernel], axis=1)),
        _shares(np.concatenate([output, -1j * output], axis=1)),
    )


def _three(waves: Waves) -> Matrix:
    """What three real products p, q, s need of each factor: a, b and a + b of a + ib."""
    return np.concatenate([waves.real, waves.imag, waves.real + waves.imag])


def _shares(waves: Waves) -> Matrix:
    """How much of each p, q and s there is in Re(e (p - q + i (s - p - q))), e being a wave."""
    return np.concatenate([waves.real + waves.imag, waves.imag - waves.real, -waves.imag])


def _parts(waves: Waves) -> Matrix:
    """The real and the imaginary part of each row in turn."""
    return np.stack([waves.real, waves.imag], axis=1).reshape(2 * waves.shape[0], waves.shape[1])
