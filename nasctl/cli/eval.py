"""`nasctl eval`: measures the trained network of a checkpoint on a split."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nasctl.cli.console import Styled, print_json, results
from nasctl.cli.options import DataDir, Json
from nasctl.cli.quantities import counted
from nasctl.errors import NasctlError
from nasctl.files import read_while_replaced
from nasctl.metrics import format_measure

if TYPE_CHECKING:
    from nasctl.tasks import Split, Task
    from nasctl.training import Checkpoint


def evaluate(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="CHECKPOINT",
            help="A checkpoint folder, or a run folder for its best network.",
            show_default=False,
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", metavar="DIR", help="The same as CHECKPOINT.", show_default=False),
    ] = None,
    split: Annotated[
        Literal["train", "validation", "test"],
        typer.Option(help="The split to measure: train, validation or test."),
    ] = "test",
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Another data set with inputs of the same shape. Its classes are matched by name. Default: the one "
            "it was trained on.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Measure a trained network on a split of its data set.

    Example: nasctl eval runs/cnn
    """
    place = _one_place(folder, checkpoint)
    from nasctl.arch_json import document_from_json
    from nasctl.architecture import Architecture
    from nasctl.engine import task_of_checkpoint
    from nasctl.jax_start import check_jax
    from nasctl.process import prepare_to_train
    from nasctl.training import evaluate as measure

    prepare_to_train()
    check_jax()
    loaded, shown = _load(place)
    document = document_from_json(loaded.document, loaded.folder / "arch.json")
    architecture = Architecture.decode(document.space, document.tokens)
    task = task_of_checkpoint(loaded, architecture.space, dataset, data_dir=data_dir)
    weights = loaded.weights_for(architecture, task)
    measures = measure(architecture, weights, task, loaded.config, split=split)
    examples = len(task.splits[split])
    name = task.name if dataset is None else dataset
    if json:
        print_json(
            {"checkpoint": str(shown), "dataset": name, "split": split, "examples": examples, **measures}
        )
        return
    printer = results()
    printer.line(f"{name}, {split} split, {counted(examples, 'example')}")
    for measured, value in measures.items():
        printer.line(f"  {measured:<12} ", Styled(format_measure(measured, value), "bold"))
    if dataset is not None and (difference := _difference(task, split)):
        printer.line(f"  {difference}")


def _one_place(argument: Path | None, option: Path | None) -> Path:
    """The checkpoint that is named by the argument, by --checkpoint, or by both."""
    place = option if argument is None else argument
    if place is None:
        raise NasctlError(
            "no checkpoint is named", hint="name its folder, or that of a run: nasctl eval runs/cnn"
        )
    if argument is not None and option is not None and argument.absolute() != option.absolute():
        raise NasctlError(
            f"two checkpoints are named: {argument}, and {option} by --checkpoint",
            hint="leave one of them out",
        )
    return place


def _load(place: Path) -> tuple[Checkpoint, Path]:
    """Reads a checkpoint, or that of the best network of a run. Returns its folder, too."""
    from nasctl.arch_json import best_folder
    from nasctl.training import load_checkpoint

    if not os.path.lexists(place / "run.json"):
        return load_checkpoint(place), place
    best = best_folder(place)
    if os.path.isdir(best) and not os.path.isdir(best / "checkpoint"):
        raise NasctlError(
            f"the run {place} has no trained network", hint="a run with --evaluator trains no networks"
        )
    loaded = read_while_replaced(lambda: load_checkpoint(best_folder(place) / "checkpoint"))
    return loaded, place / "best" / "checkpoint"


def _difference(task: Task, split: Split) -> str:
    """How a data set differs from that of the training: the classes that it lacks, or its share of unknown text tokens.

    Empty if it has examples of all classes.
    """
    from nasctl.datasets.text import UNKNOWN
    from nasctl.input_kind import InputKind

    names, labels = task.encoding.class_names, task.splits[split].labels
    if task.kind is InputKind.TEXT:
        unknown = (labels == names.index(UNKNOWN)).mean() if UNKNOWN in names else 0.0
        return f"{100 * unknown:.1f} % of its text tokens are not in the vocabulary of the training"
    present = set(labels.tolist())
    absent = [name for number, name in enumerate(names) if number not in present]
    if not absent:
        return ""
    return f"it has no examples of {', '.join(absent[:10])}{' and others' if len(absent) > 10 else ''}"
