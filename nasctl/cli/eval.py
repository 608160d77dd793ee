"""`nasctl eval`: measures the trained network of a checkpoint on a split."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from nasctl.cli.console import Styled, counted, print_json, results
from nasctl.cli.options import DataDir, Json
from nasctl.errors import NasctlError
from nasctl.files import read_while_replaced
from nasctl.metrics import format_measure


def evaluate(
    checkpoint: Annotated[
        Path,
        typer.Option(
            "--checkpoint",
            metavar="DIR",
            help="A checkpoint folder, or a run folder for its best network.",
            show_default=False,
        ),
    ],
    split: Annotated[
        Literal["train", "validation", "test"],
        typer.Option(help="The split to measure: train, validation or test."),
    ] = "test",
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Another data set with inputs of the same shape. Default: the one it was trained on.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Measure a trained network on a split of its data set.

    Example: nasctl eval --checkpoint runs/cnn/best/checkpoint
    """
    from nasctl.arch_json import best_folder, document_from_json
    from nasctl.architecture import Architecture
    from nasctl.engine import task_of
    from nasctl.process import prepare_to_train
    from nasctl.training import evaluate as measure
    from nasctl.training import load_checkpoint

    prepare_to_train()
    if os.path.lexists(checkpoint / "run.json"):
        folder = checkpoint / "best" / "checkpoint"
        if os.path.isdir(best_folder(checkpoint)) and not os.path.isdir(
            best_folder(checkpoint) / "checkpoint"
        ):
            raise NasctlError(
                f"the run {checkpoint} has no trained network",
                hint="a run with --evaluator trains no networks",
            )
        loaded = read_while_replaced(lambda: load_checkpoint(best_folder(checkpoint) / "checkpoint"))
    else:
        folder = checkpoint
        loaded = load_checkpoint(folder)
    document = document_from_json(loaded.document, loaded.folder / "arch.json")
    architecture = Architecture.decode(document.space, document.tokens)
    name = dataset or loaded.dataset
    task = task_of(architecture.space, name, data_dir=data_dir, validation_seed=loaded.validation_seed)
    weights = loaded.weights_for(architecture, task)
    measures = measure(architecture, weights, task, loaded.config, split=split)
    examples = len(task.splits[split])
    if json:
        print_json(
            {"checkpoint": str(folder), "dataset": name, "split": split, "examples": examples, **measures}
        )
        return
    printer = results()
    printer.line(f"{name}, {split} split, {counted(examples, 'example')}")
    for measured, value in measures.items():
        printer.line(f"  {measured:<12} ", Styled(format_measure(measured, value), "bold"))
