"""A script that does the work of `nasctl search spaces/cnn.nas` with Optuna and PyTorch.
    python benchmarks/torch_search.py DATA.npz sqlite:///STUDY.db CHILDREN EPOCHS SEED

`end_to_end.py` writes the data and starts one of these processes on each core. They share a study, and each trains on
one thread. The sampler is Optuna's default (TPE); PyTorch runs eagerly with contiguous tensors. The training is
nasctl's: SGD with Nesterov momentum 0.9, batches of 64, cosine decay to zero, weight decay, He initialisation. The
objective is the best validation accuracy of the last five epochs.
"""

from __future__ import annotations

import math
import sys
import warnings

import numpy as np
import optuna
import torch
import torch.nn.functional as F
from torch_child import TorchNetwork

LAYERS, BATCH, LEARNING_RATE = 6, 64, 0.1
SIZES, FILTERS = [1, 3, 5, 7], [24, 36, 48, 64]


def suggest(trial: optuna.Trial) -> dict[str, object]:
    """Suggests the decisions of one network."""
    values: dict[str, object] = {}
    for layer in range(1, LAYERS + 1):
        values[f"layer{layer}.height"] = trial.suggest_categorical(f"height{layer}", SIZES)
        values[f"layer{layer}.width"] = trial.suggest_categorical(f"width{layer}", SIZES)
        values[f"layer{layer}.filters"] = trial.suggest_categorical(f"filters{layer}", FILTERS)
        values[f"layer{layer}.skip"] = tuple(
            source
            for source in range(1, layer)
            if trial.suggest_categorical(f"skip{layer}.{source}", [False, True])
        )
    return values


def initial_weights(values: dict[str, object], channels: int, classes: int, seed: int) -> list[np.ndarray]:
    """Draws weights by He initialisation, in the order that `TorchNetwork` takes them."""
    random = np.random.default_rng(seed)
    filters = [int(values[f"layer{layer}.filters"]) for layer in range(1, LAYERS + 1)]
    sources = [values[f"layer{layer}.skip"] for layer in range(1, LAYERS + 1)]
    weights: list[np.ndarray] = []
    for layer in range(LAYERS):
        read = sum(filters[source - 1] for source in sources[layer]) or channels
        shape = (values[f"layer{layer + 1}.height"], values[f"layer{layer + 1}.width"], read, filters[layer])
        deviation = math.sqrt(2 / math.prod(shape[:3]))
        weights += [
            deviation * random.standard_normal(shape, np.float32),
            np.ones(filters[layer], np.float32),
            np.zeros(filters[layer], np.float32),
        ]
    fed = {source for read in sources for source in read}
    features = sum(count for layer, count in enumerate(filters, 1) if layer not in fed)
    matrix = random.standard_normal((features, classes), np.float32) / math.sqrt(features)
    return [*weights, matrix, np.zeros(classes, np.float32)]


def accuracy(network: torch.nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    """Returns the share of examples that the network classifies correctly."""
    network.eval()
    with torch.no_grad():
        return float((network(images).argmax(1) == labels).float().mean())


def train(network: TorchNetwork, data: dict[str, torch.Tensor], epochs: int, seed: int) -> float:
    """Trains a network and returns the best validation accuracy of its last five epochs."""
    random = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.SGD(network.parameters(), LEARNING_RATE, 0.9, weight_decay=1e-4, nesterov=True)
    steps = len(data["train_labels"]) // BATCH
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * steps)
    reached = []
    for _ in range(epochs):
        network.train()
        order = torch.randperm(len(data["train_labels"]), generator=random)
        for positions in order[: steps * BATCH].split(BATCH):
            loss = F.cross_entropy(network(data["train_images"][positions]), data["train_labels"][positions])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        reached.append(accuracy(network, data["validation_images"], data["validation_labels"]))
    return max(reached[-5:])


def main() -> None:
    """Works on the study until it has all its trials."""
    path, storage, children, epochs, seed = sys.argv[1:]
    torch.set_num_threads(1)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    with np.load(path) as arrays:
        data = {
            name: torch.tensor(values.transpose(0, 3, 1, 2).copy() if values.ndim == 4 else values).to(
                torch.long if values.ndim == 1 else torch.float32
            )
            for name, values in arrays.items()
        }

    def objective(trial: optuna.Trial) -> float:
        values = suggest(trial)
        weights = initial_weights(values, data["train_images"].shape[1], 10, int(seed) + trial.number)
        network = TorchNetwork(values, weights)
        reached = train(network, data, int(epochs), int(seed) + trial.number)
        tested = accuracy(network, data["test_images"], data["test_labels"])
        trial.set_user_attr("test", tested)  # read only after the study has ended
        return reached

    sampler = optuna.samplers.TPESampler(
        constant_liar=True
    )  # no seed: with one, all processes would propose the same
    study = optuna.load_study(study_name="cnn", storage=storage, sampler=sampler)
    stop = optuna.study.MaxTrialsCallback(int(children), states=None)
    study.optimize(objective, callbacks=[stop])


if __name__ == "__main__":
    main()
