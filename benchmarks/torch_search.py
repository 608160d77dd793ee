"""What one would write instead of nasctl: an Optuna study over the space of `spaces/cnn.nas`, children in PyTorch.

    python benchmarks/torch_search.py DATA.npz sqlite:///STUDY.db CHILDREN EPOCHS SEED

`end_to_end.py` writes the data and starts one of these a core; they share the study, and each trains on one thread.
Optuna's default sampler (TPE) and PyTorch's defaults, as a practised user would have them: eager, contiguous. The
training is nasctl's: SGD with Nesterov momentum 0.9, batches of 64, a cosine to zero, weight decay, He's weights, and
the best validation accuracy of the last five epochs as what is maximised.
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
    """The decisions of a network."""
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
    """He's normal weights, in the order that `TorchNetwork` takes them."""
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
    """Of the examples."""
    network.eval()
    with torch.no_grad():
        return float((network(images).argmax(1) == labels).float().mean())


def train(network: TorchNetwork, data: dict[str, torch.Tensor], epochs: int, seed: int) -> float:
    """Trains a network; the best validation accuracy of its last five epochs."""
    random = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.SGD(network.parameters(), LEARNING_RATE, 0.9, weight_decay=1e-4, nesterov=True)
    steps = len(data["train_labels"]) // BATCH
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * steps)
    reached = []
    for _ in range(epochs):
        network.train()
        order = torch.randperm(len(data["train_labels"]), generator=random)
        for places in order[: steps * BATCH].split(BATCH):
            loss = F.cross_entropy(network(data["train_images"][places]), data["train_labels"][places])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        reached.append(accuracy(network, data["validation_images"], data["validation_labels"]))
    return max(reached[-5:])


def main() -> None:
    """Takes part in the study until it has all its trials."""
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
        trial.set_user_attr("test", tested)  # only read when the study is over
        return reached

    sampler = optuna.samplers.TPESampler(constant_liar=True)  # a seed would make the processes propose alike
    study = optuna.load_study(study_name="cnn", storage=storage, sampler=sampler)
    stop = optuna.study.MaxTrialsCallback(int(children), states=None)
    study.optimize(objective, callbacks=[stop])


if __name__ == "__main__":
    main()
