"""A convolution as products of matrices: by discrete Fourier transforms, which are products themselves.

One axis. Maps x of `size` values, a kernel w of `taps`, `before` zeros in front and a stride v give

    y[p] = Σ_t w[t] x[v p + t - before].

On a circle of L ≥ size + max(before, after) points no tap reaches the maps from behind, and with

    X[u] = Σ_h x[h] exp(-2πi u h / L)    and    W[u] = Σ_t w[t] exp(2πi u (t - before) / L)

the same output is

    y[p] = 1/L Σ_u W[u] X[u] exp(2πi u v p / L):

a stride is fewer rows of the inverse. As x and w are real, one of each pair of conjugate frequencies is enough; and the
product of a + ib and c + id is p - q + i (s - p - q), of three real products p = ac, q = bd and s = (a + b)(c + d).
Altogether, with constant real matrices A, B and C of about 1.5 L rows,

    y = Cᵀ ((B w) ⊙ (A x)),

and the gradients, where g is that of y, are made of the same matrices and factors:

    dx = Aᵀ ((B w) ⊙ (C g)),    dw = Bᵀ ((C g) ⊙ (A x)).

Two axes. First down the height, to frequencies that are lines across the width. Lines of real frequencies are then
transformed as above; those of the others are complex, and need all L frequencies of the width.

With C channels, F filters and N examples each entry of ⊙ is a product of matrices, (F, C) by (C, N) for y. A kernel of
7×7 on maps of 8×8 takes 181 of them, where the definition takes 3,136. Fast algorithms with fewer products (Winograd
1980) have matrices whose entries grow with the length and spoil float32; those of a Fourier transform are orthogonal.

Letters: H and W height and width, C channels, F filters, N examples, h and w height and width of the kernel.
"""

from __future__ import annotations

from functools import partial, reduce

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nasctl.lowering.axis import Axis
from nasctl.lowering.convolution.matrices import Matrix, Stages, matrices_of
from nasctl.lowering.convolution.place_products import correlate, multiply

Maps = Float[Array, "H W C N"]
Kernel = Float[Array, "h w C F"]
Visited = Float[Array, "H_s W_s F N"]
Planes = Float[Array, "lines places A B"]
Spectrum = tuple[Float[Array, "lines factors A B"], ...]
"""A transformed operand, a matrix (A, B) a line and factor: of the real lines and, where there are any, the pairs."""


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def convolve_by_transform(maps: Maps, kernel: Kernel, height: Axis, width: Axis) -> Visited:
    """Correlates maps with a kernel of more than one tap.

    Args:
      maps: The input.
      kernel: The weights.
      height: Sizes, stride and padding down the maps; of a single tap, no stride.
      width: The same across.
    """
    return _forward(maps, kernel, height, width)[0]


def _forward(
    maps: Maps, kernel: Kernel, height: Axis, width: Axis
) -> tuple[Visited, tuple[Spectrum, Kernel]]:
    matrices = matrices_of(height, width)
    seen = _spread(matrices.maps, maps)
    weights = _spread(matrices.kernel, jnp.swapaxes(kernel, 2, 3))
    products = tuple(map(multiply, weights, seen))
    return _gather(matrices.output, products), (seen, kernel)


def _backward(
    height: Axis, width: Axis, residuals: tuple[Spectrum, Kernel], gradient: Visited
) -> tuple[Maps, Kernel]:
    seen, kernel = residuals
    matrices = matrices_of(height, width)
    ahead = _spread(matrices.output, gradient)
    weights = _spread(matrices.kernel, kernel)
    maps_gradient = _gather(matrices.maps, tuple(map(multiply, weights, ahead)))
    shared = tuple(number for number, axis in enumerate((height, width)) if axis.taps == 1)
    products = tuple(correlate(g, x, shared) for g, x in zip(ahead, seen, strict=True))
    return maps_gradient, jnp.swapaxes(_gather(matrices.kernel, products), 2, 3)


convolve_by_transform.defvjp(_forward, _backward)


def _spread(stages: Stages, planes: Planes) -> Spectrum:
    """Transforms an operand."""
    spectrum = []
    for part, (down, across) in enumerate(zip(stages.down, stages.across, strict=True), 1):
        lines = _down(down, planes)
        spectrum.append(_across(across, lines.reshape(-1, part * lines.shape[1], *lines.shape[2:])))
    return tuple(spectrum)


def _gather(stages: Stages, spectrum: Spectrum) -> Planes:
    """The transpose of `_spread`."""
    planes = []
    for part, (down, across, factors) in enumerate(zip(stages.down, stages.across, spectrum, strict=True), 1):
        lines = _across(_transposed(across), factors)
        lines = lines.reshape(-1, lines.shape[1] // part, *lines.shape[2:])
        planes.append(_down(_transposed(down), lines))
    return reduce(jnp.add, planes)


def _transposed(matrix: Matrix | None) -> Matrix | None:
    return None if matrix is None else matrix.T


def _down(matrix: Matrix | None, planes: Planes) -> Planes:
    """Multiplies what lies down the lines by a matrix."""
    if matrix is None:
        return planes
    product = jnp.asarray(matrix.astype(planes.dtype)) @ planes.reshape(len(planes), -1)
    return product.reshape(-1, *planes.shape[1:])


def _across(matrix: Matrix | None, planes: Planes) -> Planes:
    """Multiplies what lies across each line by a matrix."""
    if matrix is None:
        return planes
    matrices = jnp.broadcast_to(matrix.astype(planes.dtype), (len(planes), *matrix.shape))
    product = matrices @ planes.reshape(*planes.shape[:2], -1)
    return product.reshape(*product.shape[:2], *planes.shape[2:])
