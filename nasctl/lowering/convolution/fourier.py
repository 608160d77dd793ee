"""Convolution by discrete Fourier transforms, which are computed as matrix products.

**One axis.** Given an input x of `size` values, a kernel w of `taps` values, a padding b and a stride v, compute

    y[p] = Σ_t w[t] x[v p + t - b].

Take transforms of a length L ≥ size + max(b, padding after), so that no tap wraps around onto the other end:

    X[u] = Σ_i x[i] exp(-2πi u i / L)    and    W[u] = Σ_t w[t] exp(2πi u (t - b) / L)

Then the same output is

    y[p] = 1/L Σ_u W[u] X[u] exp(2πi u v p / L).

A stride only removes rows of the inverse transform. Because x and w are real, the frequencies u and L - u are
conjugate, and one of each pair is enough. A complex product takes three real ones: (a + ib)(c + id) is
p - q + i (s - p - q) with p = ac, q = bd and s = (a + b)(c + d). Altogether, with constant real matrices A, B and C of
about 1.5 L rows,

    y = Cᵀ ((B w) ⊙ (A x)).

The gradients use the same matrices and intermediate results, where g is the gradient of y:

    dx = Aᵀ ((B w) ⊙ (C g)),    dw = Bᵀ ((C g) ⊙ (A x)).

**Two axes.** The vertical axis is transformed first. Each of its frequencies is a horizontal line. The lines of real
frequencies are real and are transformed as above. The other lines are complex and need all L horizontal frequencies.

**Channels.** With C channels, F filters and N examples each entry of ⊙ is a matrix product, of (F, C) and (C, N) for
y. A 7×7 kernel on 8×8 maps takes 181 of them, where the definition takes 8 · 8 · 7 · 7 = 3,136. Winograd's algorithms
(Winograd 1980, Arithmetic Complexity of Computations) take fewer, but the entries of their matrices grow with the
length until float32 loses its precision. Fourier transforms are orthogonal and do not have this problem.

Letters: H and W height and width, C channels, F filters, N examples, h and w height and width of the kernel; H_s and
W_s height and width of the output.
"""

from __future__ import annotations

from functools import partial, reduce

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nasctl.lowering.convolution.axis import Axis
from nasctl.lowering.convolution.dft_matrices import Matrix, Stages, matrices_of
from nasctl.lowering.convolution.position_products import multiply, weight_gradient

Maps = Float[Array, "H W C N"]
Kernel = Float[Array, "h w C F"]
Output = Float[Array, "H_s W_s F N"]
Planes = Float[Array, "_ _ A B"]
"""An operand: a matrix (A, B) for each vertical and horizontal position."""
Spectrum = tuple[Float[Array, "_ _ A B"], ...]
"""A transformed operand: a matrix (A, B) for each line and factor. One array for the real lines and, if there are other
lines, one for the pairs of the real and the imaginary part of a complex line."""


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def convolve_fourier(maps: Maps, kernel: Kernel, height: Axis, width: Axis) -> Output:
    """Cross-correlates maps with a kernel of more than one tap.

    Args:
      maps: The input.
      kernel: The weights.
      height: The vertical axis. If it has a single tap, its stride is 1.
      width: The horizontal axis, likewise.
    """
    return _forward(maps, kernel, height, width)[0]


def _forward(maps: Maps, kernel: Kernel, height: Axis, width: Axis) -> tuple[Output, tuple[Spectrum, Kernel]]:
    matrices = matrices_of(height, width)
    maps_spectrum = _transform(matrices.maps, maps)
    weights = _transform(matrices.kernel, jnp.swapaxes(kernel, 2, 3))
    products = tuple(map(multiply, weights, maps_spectrum))
    return _transform_adjoint(matrices.output, products), (maps_spectrum, kernel)


def _backward(
    height: Axis, width: Axis, residuals: tuple[Spectrum, Kernel], gradient: Output
) -> tuple[Maps, Kernel]:
    maps_spectrum, kernel = residuals
    matrices = matrices_of(height, width)
    gradient_spectrum = _transform(matrices.output, gradient)
    weights = _transform(matrices.kernel, kernel)
    maps_gradient = _transform_adjoint(matrices.maps, tuple(map(multiply, weights, gradient_spectrum)))
    shared = tuple(dimension for dimension, axis in enumerate((height, width)) if axis.taps == 1)
    products = tuple(
        weight_gradient(g, x, shared) for g, x in zip(gradient_spectrum, maps_spectrum, strict=True)
    )
    return maps_gradient, jnp.swapaxes(_transform_adjoint(matrices.kernel, products), 2, 3)


convolve_fourier.defvjp(_forward, _backward)


def _transform(stages: Stages, planes: Planes) -> Spectrum:
    """Transforms an operand, first along the vertical axis and then along the horizontal one."""
    spectrum = []
    for parts, (vertical, horizontal) in enumerate(zip(stages.vertical, stages.horizontal, strict=True), 1):
        lines = _apply_vertically(vertical, planes)
        lines = lines.reshape(-1, parts * lines.shape[1], *lines.shape[2:])
        spectrum.append(_apply_horizontally(horizontal, lines))
    return tuple(spectrum)


def _transform_adjoint(stages: Stages, spectrum: Spectrum) -> Planes:
    """Applies the transpose of `_transform`."""
    planes = []
    for parts, (vertical, horizontal, factors) in enumerate(
        zip(stages.vertical, stages.horizontal, spectrum, strict=True), 1
    ):
        lines = _apply_horizontally(_transposed(horizontal), factors)
        lines = lines.reshape(-1, lines.shape[1] // parts, *lines.shape[2:])
        planes.append(_apply_vertically(_transposed(vertical), lines))
    return reduce(jnp.add, planes)


def _transposed(matrix: Matrix | None) -> Matrix | None:
    return None if matrix is None else matrix.T


def _apply_vertically(matrix: Matrix | None, planes: Planes) -> Planes:
    """Multiplies the vertical axis by a matrix."""
    if matrix is None:
        return planes
    product = jnp.asarray(matrix.astype(planes.dtype)) @ planes.reshape(len(planes), -1)
    return product.reshape(-1, *planes.shape[1:])


def _apply_horizontally(matrix: Matrix | None, planes: Planes) -> Planes:
    """Multiplies the horizontal axis by a matrix, in one product for each line."""
    if matrix is None:
        return planes
    matrices = jnp.broadcast_to(matrix.astype(planes.dtype), (len(planes), *matrix.shape))
    product = matrices @ planes.reshape(*planes.shape[:2], -1)
    return product.reshape(*product.shape[:2], *planes.shape[2:])
