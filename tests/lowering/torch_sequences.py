"""Networks that read a whole sequence, in PyTorch."""

import numpy as np
import torch
from torch import nn

from nasctl.lowering import Network


class TorchClassifier(nn.Module):
    """A projection, two layers of LSTM or of a vanilla RNN, and a linear layer on the last step."""

    def __init__(self, network: Network, layer: type[nn.LSTM] | type[nn.RNN]) -> None:
        super().__init__()
        units = network.nodes["projection"].kernel.shape[1]
        self.projection = nn.Linear(3, units)
        self.layers = layer(units, units, num_layers=2, batch_first=True)
        self.output = nn.Linear(units, 4)
        self.double()
        with torch.no_grad():
            for name, weights in self.pairs(network):
                weights.copy_(torch.tensor(np.asarray(name, np.float64)))

    def pairs(self, network: Network) -> list[tuple[np.ndarray, torch.Tensor]]:
        """Our weights in PyTorch's layout, and PyTorch's. PyTorch's second bias stays zero."""
        found = [
            (network.nodes["projection"].kernel[...].T, self.projection.weight),
            (network.nodes["projection"].bias[...], self.projection.bias),
            (network.nodes["output"].kernel[...].T, self.output.weight),
            (network.nodes["output"].bias[...], self.output.bias),
        ]
        for number in range(2):
            products = network.nodes[f"layer{number + 1}"].cell.products
            found += [
                (products["x"].kernel[...].T, getattr(self.layers, f"weight_ih_l{number}")),
                (products["h"].kernel[...].T, getattr(self.layers, f"weight_hh_l{number}")),
                (products["h"].bias[...], getattr(self.layers, f"bias_hh_l{number}")),
            ]
        return found

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.output(self.layers(self.projection(values))[0][:, -1])
