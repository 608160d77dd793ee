"""A child network in PyTorch, trained as nasctl trains it, for `children.py` to compare with."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class TorchNetwork(nn.Module):
    """Layers of convolution, batch norm and ReLU, and a classifier on the average of each map that feeds no layer.

    Args:
      values: The values of the architecture's decisions, by name.
      weights: For each layer, its kernel (height, width, in, out), scale and bias; then the classifier's matrix and
        bias.
    """

    def __init__(self, values: Mapping[str, Any], weights: Sequence[np.ndarray]) -> None:
        super().__init__()
        layers = range(1, sum(name.endswith(".height") for name in values) + 1)
        self.sources = [tuple(label - 1 for label in values.get(f"layer{n}.skip", ())) for n in layers]
        self.convolutions, self.norms = nn.ModuleList(), nn.ModuleList()
        for number, (kernel, *_) in zip(layers, zip(*[iter(weights[:-2])] * 3, strict=True), strict=True):
            height, width, channels, filters = kernel.shape
            step = tuple(values.get(f"layer{number}.stride_{axis}", 1) for axis in ("height", "width"))
            convolution = nn.Conv2d(
                channels, filters, (height, width), step, (height // 2, width // 2), bias=False
            )
            with torch.no_grad():
                convolution.weight.copy_(torch.tensor(kernel.transpose(3, 2, 0, 1)))
            self.convolutions.append(convolution)
            self.norms.append(nn.BatchNorm2d(filters))
        fed = {source for sources in self.sources for source in sources}
        self.sinks = [number for number in range(len(self.norms)) if number not in fed]
        self.classifier = nn.Linear(*weights[-2].shape)
        with torch.no_grad():
            self.classifier.weight.copy_(torch.tensor(weights[-2].T))
            self.classifier.bias.copy_(torch.tensor(weights[-1]))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Returns the logits."""
        outputs: list[torch.Tensor] = []
        for sources, convolution, norm in zip(self.sources, self.convolutions, self.norms, strict=True):
            reads = _joined([outputs[source] for source in sources]) if sources else images
            outputs.append(F.relu(norm(convolution(reads))))
        return self.classifier(torch.cat([outputs[number].mean((2, 3)) for number in self.sinks], 1))


class TorchChild:
    """A child network in an ordinary training loop.

    Args:
      values: The values of the architecture's decisions, by name.
      weights: As `TorchNetwork` takes them.
      images: (N, H, W, C), normalised.
      labels: (N,).
      order: Positions of the examples of each step, (steps, batch).
      layout: `contiguous` or `channels_last`.
      compiled: Whether to use `torch.compile`.
      device: `cpu` or `cuda`; on CUDA, float32 products use TensorFloat-32, as JAX's do.
      bfloat16: Whether to compute products and convolutions in bfloat16, by `torch.autocast`.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        weights: Sequence[np.ndarray],
        images: np.ndarray,
        labels: np.ndarray,
        order: np.ndarray,
        *,
        layout: str,
        compiled: bool,
        device: str = "cpu",
        bfloat16: bool = False,
    ) -> None:
        torch.set_num_threads(1)
        torch.set_float32_matmul_precision("high")
        self._format = torch.channels_last if layout == "channels_last" else torch.contiguous_format
        network = TorchNetwork(values, weights).to(device, memory_format=self._format)
        self._images = torch.tensor(images.transpose(0, 3, 1, 2).copy(), device=device).contiguous(
            memory_format=self._format
        )
        self._labels = torch.tensor(labels, device=device).long()
        self._order = torch.tensor(order, device=device).long()
        self._clock = time.process_time if device == "cpu" else time.perf_counter
        self._optimiser = torch.optim.SGD(network.parameters(), 0.05, 0.9, weight_decay=1e-4, nesterov=True)
        self._network = torch.compile(network) if compiled else network
        self._precision = torch.autocast(device, torch.bfloat16, enabled=bfloat16)

    def epoch(self) -> tuple[float, float]:
        """Trains one epoch.

        Returns:
          The mean loss and the seconds per step: processor time on a CPU, wall time on a GPU.
        """
        losses = []
        started = self._clock()
        for positions in self._order:
            images = self._images[positions].contiguous(memory_format=self._format)
            with self._precision:
                loss = F.cross_entropy(self._network(images), self._labels[positions])
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()
            self._optimiser.step()
            losses.append(loss.detach())
        loss = float(torch.stack(losses).mean())
        return loss, (self._clock() - started) / len(losses)


def _joined(maps: list[torch.Tensor]) -> torch.Tensor:
    """Concatenates maps by channel; smaller maps are centred and padded with zeros to the size of the largest."""
    if len(maps) == 1:
        return maps[0]
    height, width = max(x.shape[2] for x in maps), max(x.shape[3] for x in maps)
    padded = []
    for x in maps:
        rows, columns = height - x.shape[2], width - x.shape[3]
        edges = (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)
        padded.append(F.pad(x, edges) if rows or columns else x)
    return torch.cat(padded, 1)
