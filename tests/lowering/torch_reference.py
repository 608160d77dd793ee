"""The paper's networks in PyTorch, built from the values of an architecture alone (sections 3.1 to 3.3)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class ReferenceLayer:
    kernel: tuple[int, int]
    stride: tuple[int, int]
    filters: int
    sources: tuple[int, ...]  # numbers of earlier layers, from 0


def read_layers(values: Mapping) -> list[ReferenceLayer]:
    """Returns the layers that an architecture's values describe."""
    layers = []
    while (name := f"layer{len(layers) + 1}") + ".height" in values:
        layers.append(
            ReferenceLayer(
                kernel=(values[f"{name}.height"], values[f"{name}.width"]),
                stride=(values[f"{name}.stride_height"], values[f"{name}.stride_width"]),
                filters=values[f"{name}.filters"],
                sources=tuple(label - 1 for label in values.get(f"{name}.skip", ())),
            )
        )
    return layers


class ReferenceNetwork(nn.Module):
    """Layers of convolution, batch norm and ReLU, and a linear classifier of the pooled unused outputs.

    It computes in float64, as the reference for float32.

    Attributes:
      nearest: The smallest absolute input of a ReLU in the last forward pass. The gradient is discontinuous at zero.
    """

    def __init__(self, layers: list[ReferenceLayer], channels: int, classes: int) -> None:
        super().__init__()
        self.layers = layers
        self.convolutions, self.norms = nn.ModuleList(), nn.ModuleList()
        for layer in layers:
            reads = sum(layers[source].filters for source in layer.sources) or channels
            padding = (layer.kernel[0] // 2, layer.kernel[1] // 2)
            convolution = nn.Conv2d(reads, layer.filters, layer.kernel, layer.stride, padding, bias=False)
            self.convolutions.append(convolution)
            self.norms.append(nn.BatchNorm2d(layer.filters, eps=1e-5, momentum=0.1))
        fed = {source for layer in layers for source in layer.sources}
        self.sinks = [number for number in range(len(layers)) if number not in fed]
        self.classifier = nn.Linear(sum(layers[number].filters for number in self.sinks), classes)
        self.nearest = float("inf")
        self.double()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        outputs: list[torch.Tensor] = []
        self.nearest = float("inf")
        for layer, convolution, norm in zip(self.layers, self.convolutions, self.norms, strict=True):
            reads = join([outputs[source] for source in layer.sources]) if layer.sources else images
            normal = norm(convolution(reads))
            self.nearest = min(self.nearest, normal.detach().abs().min().item())
            outputs.append(F.relu(normal))
        return self.classifier(torch.cat([outputs[number].mean(dim=(2, 3)) for number in self.sinks], dim=1))

    def ordered(self) -> list[nn.Parameter]:
        """Returns the kernel, scale and shift of each layer, then the matrix and bias of the classifier."""
        by_layer = [
            weight
            for convolution, norm in zip(self.convolutions, self.norms, strict=True)
            for weight in (convolution.weight, norm.weight, norm.bias)
        ]
        return [*by_layer, self.classifier.weight, self.classifier.bias]

    def take_weights(self, arrays: list[np.ndarray]) -> None:
        """Copies weights in the order of `ordered`; kernels are (height, width, in, out) and the matrix (in, out)."""
        with torch.no_grad():
            for weight, array in zip(self.ordered(), arrays, strict=True):
                weight.copy_(torch.tensor(array.transpose(AXES_IN_TORCH[array.ndim])))

    def gradients(self) -> list[np.ndarray]:
        """Returns the gradients in the same order and layout."""
        gradients = [weight.grad.numpy().copy() for weight in self.ordered()]
        return [gradient.transpose(AXES_IN_NASCTL[gradient.ndim]) for gradient in gradients]


AXES_IN_TORCH = {1: (0,), 2: (1, 0), 4: (3, 2, 0, 1)}
AXES_IN_NASCTL = {1: (0,), 2: (1, 0), 4: (2, 3, 1, 0)}


def join(maps: list[torch.Tensor]) -> torch.Tensor:
    """Concatenates channels; smaller maps are padded with zeros on both sides to the size of the largest."""
    height, width = max(x.shape[2] for x in maps), max(x.shape[3] for x in maps)
    padded = []
    for x in maps:
        rows, columns = height - x.shape[2], width - x.shape[3]
        padded.append(F.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)))
    return torch.cat(padded, dim=1)
