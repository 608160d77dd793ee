"""Networks that train within milliseconds."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array

from nasctl.graph import Signature


class TinyNetwork(nnx.Module):
    """The smallest network with batch statistics and several weights: a batch norm and two products."""

    def __init__(self, signature: Signature, width: int, rngs: nnx.Rngs) -> None:
        inputs = int(np.prod(signature.input_shape))
        self.first = nnx.Linear(inputs, width, rngs=rngs)
        self.norm = nnx.BatchNorm(width, momentum=0.9, rngs=rngs)
        self.dropout = nnx.Dropout(0.1, rngs=rngs)
        self.last = nnx.Linear(width, signature.outputs, rngs=rngs)

    def __call__(self, images: Array) -> Array:
        hidden = self.norm(self.first(images.reshape(len(images), -1)))
        return self.last(self.dropout(jax.nn.relu(hidden)))


@dataclass(frozen=True)
class TinyArchitecture:
    width: int = 12

    def build(self, signature: Signature, *, seed: int = 0) -> TinyNetwork:
        return TinyNetwork(signature, self.width, nnx.Rngs(seed))


class LinearArchitecture:
    """A linear classifier that starts at zero."""

    def build(self, signature: Signature, *, seed: int = 0) -> nnx.Module:
        return LinearNetwork(signature)


class LinearNetwork(nnx.Module):
    def __init__(self, signature: Signature) -> None:
        self.kernel = nnx.Param(jnp.zeros((int(np.prod(signature.input_shape)), signature.outputs)))

    def __call__(self, images: Array) -> Array:
        return images.reshape(len(images), -1) @ self.kernel[...]
