"""Measures the training step of a language model with tree cells, in nasctl and in PyTorch.
    python benchmarks/recurrent.py [--cells 3] [--rounds 7] [--cases 20x64 64x64] [--json FILE]
    python benchmarks/recurrent.py --children 1 4 8

The network is that of `spaces/rnn.nas` with two layers: sequences of 35 steps, the text that comes with nasctl with its
vocabulary of 1,000, a shared embedding, clipped gradients. A case is BATCHxHIDDEN. nasctl's is the compiled program of
`nasctl search`, which trains an epoch in one dispatch. PyTorch runs eagerly, in two variants: its LSTM with as many
recurrent parameters, from which its hidden size follows; and a Python loop over the same tree cell with the same sizes,
with one product for the inputs of all steps. All run in one process on one core and take turns. Times are processor
time, which other processes disturb less than wall time. A ratio is PyTorch's time over nasctl's, the median over the
rounds; above 1, nasctl is faster.

`--children` measures children per minute instead, including compilation without a cache: each compiled by itself (1),
or K at once in the program that takes the choices of the cells as an array.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import jax
import numpy as np

from nasctl.architecture import Architecture
from nasctl.config import TrainingConfig
from nasctl.dialects import load_space, parse_space
from nasctl.graph import Graph
from nasctl.graph.tree_cell import Tree, children, read_tree
from nasctl.process import configure_process
from nasctl.settings import resolve
from nasctl.space import Space
from nasctl.space.sampling import sample_uniform
from nasctl.tasks import Task, make_task
from nasctl.training import train_child
from nasctl.training.child import prepare
from nasctl.training.group_trainer import GroupTrainer
from nasctl.training.optimiser import learning_rates
from nasctl.training.plan import plan_drawer

if TYPE_CHECKING:
    import torch

CASES = ("20x64", "64x64", "20x128", "64x128")
NASCELL = Path(__file__).parent.parent / "examples" / "nascell.json"

Epoch = Callable[[], float]
"""Trains one epoch and returns milliseconds per step."""


@dataclass(frozen=True)
class Measured:
    """The times of one cell in one case.

    Attributes:
      case: Batch and hidden size.
      cell: Name of the cell.
      compile_seconds: Time to build, trace and compile it without a cache.
      step_ms: Milliseconds of nasctl's step, median.
      lstm: Time of PyTorch's LSTM over nasctl's.
      loop: Time of the PyTorch loop over the same cell, over nasctl's.
    """

    case: str
    cell: str
    compile_seconds: float
    step_ms: float
    lstm: float
    loop: float


def sized_space(hidden: int) -> Space:
    """Returns `spaces/rnn.nas` with two layers of a given size."""
    source = load_space("spaces/rnn.nas").source.replace("stack 1", "stack 2")
    return parse_space(source.replace("hidden for 200k params", f"hidden {hidden}"), name="rnn")


def cells(space: Space, count: int) -> Iterator[tuple[str, Architecture]]:
    """Yields NASCell and the given number of random cells, the same ones each time."""
    yield "NASCell", Architecture(space, Architecture.load(NASCELL).tokens)
    rng = np.random.default_rng(0)
    for number in range(count):
        yield f"random {number}", Architecture(space, sample_uniform(space, rng))


def our_epoch(architecture: Architecture, task: Task, config: TrainingConfig) -> tuple[Epoch, float]:
    """Returns the epoch as a search runs it, and the seconds that it took to compile."""
    child = prepare(architecture, task, config, seed=0)
    plan = plan_drawer(task, config.batch)(jax.random.key(0))
    rates = learning_rates(config, child.steps)[0]
    state = child.weights, child.optimiser_state

    def epoch() -> float:
        nonlocal state
        started = time.process_time()
        state, loss = child.program(*state, child.evaluation.examples.data, plan, rates)
        jax.block_until_ready(loss)
        return 1e3 * (time.process_time() - started) / child.steps

    return epoch, child.seconds


def windows(task: Task, config: TrainingConfig) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Returns the text tokens and labels of each step, (35, batch), as nasctl's program reads them."""
    import torch

    plan = plan_drawer(task, config.batch)(jax.random.key(0))
    positions = np.asarray(plan.positions).transpose(0, 2, 1)
    text = task.splits["train"]
    return [(torch.tensor(text.inputs[at]).long(), torch.tensor(text.labels[at]).long()) for at in positions]


def torch_epoch(
    network: torch.nn.Module, states: int, hidden: int, task: Task, config: TrainingConfig
) -> Epoch:
    """Returns the epoch of a PyTorch network that takes text tokens (35, batch) and the states of its layers."""
    import torch

    batches = windows(task, config)
    parameters = list(network.parameters())
    optimiser = torch.optim.Adam(parameters, lr=config.learning_rate, fused=True)

    def epoch() -> float:
        started = time.process_time()
        carry = tuple(torch.zeros(2, config.batch, hidden) for _ in range(states))
        for inputs, labels in batches:
            optimiser.zero_grad(set_to_none=True)
            logits, carry = network(inputs, carry)
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, config.clip)
            optimiser.step()
            carry = tuple(state.detach() for state in carry)
        return 1e3 * (time.process_time() - started) / len(batches)

    return epoch


def torch_lstm(vocabulary: int, hidden: int) -> torch.nn.Module:
    """Returns a language model with PyTorch's LSTM and an embedding shared with the output layer."""
    import torch

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = torch.nn.Embedding(vocabulary, hidden)
            self.recurrent = torch.nn.LSTM(hidden, hidden, 2)
            self.bias = torch.nn.Parameter(torch.zeros(vocabulary))

        def forward(self, tokens: torch.Tensor, carry: tuple[torch.Tensor, ...]) -> tuple:
            outputs, carry = self.recurrent(self.embedding(tokens), carry)
            return torch.nn.functional.linear(outputs, self.embedding.weight, self.bias), carry

    return Model()


def torch_loop(tree: Tree, vocabulary: int, hidden: int) -> torch.nn.Module:
    """Returns a language model with the same tree cell, computed step by step in Python."""
    import torch

    combine = {"add": torch.add, "elem_mult": torch.mul, "max": torch.maximum}
    activate = {
        "identity": lambda x: x,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "relu": torch.relu,
        "sin": torch.sin,
    }

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            width = tree.base * hidden
            self.embedding = torch.nn.Embedding(vocabulary, hidden)
            self.read = torch.nn.ModuleList(torch.nn.Linear(hidden, width, bias=False) for _ in range(2))
            self.remember = torch.nn.ModuleList(torch.nn.Linear(hidden, width) for _ in range(2))
            self.bias = torch.nn.Parameter(torch.zeros(vocabulary))

        def step(self, x: torch.Tensor, u: torch.Tensor, c: torch.Tensor) -> tuple:
            pairs = list(zip(x.chunk(tree.base, -1), u.chunk(tree.base, -1), strict=True))
            before, after = [], []
            for node in range(2 * tree.base - 1):
                left, right = (
                    pairs[node] if node < tree.base else (after[child] for child in children(tree.base, node))
                )
                before.append(combine[tree.combines[node]](left, right))
                after.append(activate[tree.activations[node]](before[-1]))
                if node == tree.cell_inject:
                    after[-1] = activate[tree.activations[-1]](combine[tree.combines[-1]](after[-1], c))
            return after[-1], before[tree.cell_output]

        def forward(self, tokens: torch.Tensor, carry: tuple[torch.Tensor, ...]) -> tuple:
            sequence, ends = self.embedding(tokens), []
            for read, remember, h, c in zip(self.read, self.remember, *carry, strict=True):
                outputs = []
                for x in read(sequence).unbind():
                    h, c = self.step(x, remember(h), c)
                    outputs.append(h)
                sequence = torch.stack(outputs)
                ends.append((h, c))
            carry = tuple(map(torch.stack, zip(*ends, strict=True)))
            return torch.nn.functional.linear(sequence, self.embedding.weight, self.bias), carry

    return Model()


def lstm_hidden(hidden: int, base: int = 8) -> int:
    """Returns the hidden size at which an LSTM layer has as many parameters as a tree cell.

    PyTorch's LSTM layer of L units has 4 (2 L² + 2 L) parameters, two biases included; a tree cell of base B with H
    units has B (2 H² + H).
    """
    return int(((2 * base * hidden**2 + base * hidden) / 8 + 0.25) ** 0.5)


def measure(
    case: str, name: str, architecture: Architecture, task: Task, config: TrainingConfig, rounds: int
) -> Measured:
    """Times one cell in one case, in nasctl and in PyTorch."""
    hidden, vocabulary = int(case.split("x")[1]), task.signature.outputs
    (cell, *_) = (node.attributes["cell"] for node in architecture.graph.nodes if node.op == "recurrent")
    tree = read_tree(cell) if isinstance(cell, Graph) else None
    assert tree is not None
    units = lstm_hidden(hidden)
    ours, seconds = our_epoch(architecture, task, config)
    epochs = {
        "ours": ours,
        "lstm": torch_epoch(torch_lstm(vocabulary, units), 2, units, task, config),
        "loop": torch_epoch(torch_loop(tree, vocabulary, hidden), 2, hidden, task, config),
    }
    for epoch in epochs.values():
        epoch()
    times = [{who: epoch() for who, epoch in epochs.items()} for _ in range(rounds)]
    lstm, loop = (statistics.median(time[who] / time["ours"] for time in times) for who in ("lstm", "loop"))
    return Measured(case, name, seconds, statistics.median(time["ours"] for time in times), lstm, loop)


def measure_children(width: int, count: int) -> float:
    """Trains some cells and returns children per minute.

    Args:
      width: Cells that are trained at once.
      count: Cells in all.
    """
    space = load_space("spaces/rnn.nas")
    config, task = resolve(space.defaults).training, make_task("pydoc")
    architectures = [architecture for _, architecture in cells(space, count - 1)]
    jax.clear_caches()
    started = time.perf_counter()
    if width == 1:
        for seed, architecture in enumerate(architectures):
            train_child(architecture, task, config, seed=seed)
    else:
        trainer = GroupTrainer(space, task, config, width)
        for first in range(0, count, width):
            group = architectures[first : first + width]
            trainer.train(group, seeds=range(first, first + len(group)))
    rate = 60 * count / (time.perf_counter() - started)
    print(f"K = {width:<3} {rate:6.1f} children per minute, {config.epochs} epochs", flush=True)
    return rate


def main() -> None:
    """Prints a line for each cell and case, and the means of each case."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cells", type=int, default=3, help="random cells, besides NASCell")
    parser.add_argument("--rounds", type=int, default=7, help="epochs that are timed")
    parser.add_argument("--cases", nargs="*", default=CASES, metavar="BATCHxHIDDEN")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--children", type=int, nargs="+", metavar="K", help="measure children per minute")
    parser.add_argument("--count", type=int, default=8, help="cells to train for --children")
    given = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    configure_process()
    jax.config.update("jax_enable_compilation_cache", False)
    if given.children:
        for width in given.children:
            measure_children(width, given.count)
        return
    import torch

    torch.set_num_threads(1)
    print(f"{jax.devices()[0].device_kind}, JAX {jax.__version__}, PyTorch {torch.__version__}, one core")
    print("case     cell      nasctl step    LSTM    loop    compile")
    task, found = make_task("pydoc"), []
    for case in given.cases:
        batch, hidden = map(int, case.split("x"))
        space = sized_space(hidden)
        config = replace(resolve(space.defaults).training, batch=batch)
        of_case = []
        for name, architecture in cells(space, given.cells):
            row = measure(case, name, architecture, task, config, given.rounds)
            of_case.append(row)
            print(
                f"{case:<9}{name:<11}{row.step_ms:>7.2f} ms{row.lstm:>8.2f}{row.loop:>8.2f}"
                f"{row.compile_seconds:>9.1f} s",
                flush=True,
            )
        lstm, loop = (
            statistics.geometric_mean(getattr(row, who) for row in of_case) for who in ("lstm", "loop")
        )
        print(f"{case:<9}{'mean':<11}{'':>10}{lstm:>8.2f}{loop:>8.2f}", flush=True)
        found += of_case
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in found], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
