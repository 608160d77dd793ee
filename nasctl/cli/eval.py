"""`nasctl eval`: measures the trained network of a checkpoint on a split."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nasctl.cli.console import Styled, print_json, progress, results
from nasctl.cli.data_text import print_notes
from nasctl.cli.eval_tables import check_picture, print_details, require_confusion, write_picture
from nasctl.cli.options import DataDir, Json
from nasctl.cli.quantities import counted
from nasctl.errors import NasctlError
from nasctl.files import check_writable, read_while_replaced
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
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Draw which classes are confused into this file: .svg or .png.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Measure a trained network on a split of its data set: its metrics, each class, and which classes are confused.

    Example: nasctl eval runs/cnn
    """
    place = _one_place(folder, checkpoint)
    if output is not None:
        check_picture(output)
        check_writable(output)

    from nasctl.arch_json import document_from_json
    from nasctl.architecture import Architecture
    from nasctl.engine import task_of_checkpoint
    from nasctl.jax_start import check_jax
    from nasctl.process import prepare_to_train
    from nasctl.tasks import SupervisedTask
    from nasctl.tasks.details import details_of
    from nasctl.training import evaluate_with_outputs

    prepare_to_train()
    check_jax()
    loaded, shown = _load(place)
    document = document_from_json(loaded.document, loaded.folder / "arch.json")
    architecture = Architecture.decode(document.space, document.tokens)
    task = task_of_checkpoint(loaded, architecture.space, dataset, data_dir=data_dir)
    if output is not None:
        require_confusion(task.encoding.target)
    weights = loaded.weights_for(architecture, task)
    measures, outputs = evaluate_with_outputs(architecture, weights, task, loaded.config, split=split)
    examples = len(task.splits[split])
    name = task.name if dataset is None else dataset
    details = None
    if isinstance(task, SupervisedTask) and outputs is not None:
        details = details_of(task, outputs, task.splits[split].labels)
    title = f"{name}, {split} split, {counted(examples, 'example')}"
    if output is not None and details is not None:
        write_picture(output, details, title)
        progress().line(f"wrote {output}")
    if json:
        print_json(
            {
                "checkpoint": str(shown),
                "dataset": name,
                "split": split,
                "examples": examples,
                **measures,
                **(details.to_json() if details else {}),
                "notes": list(task.notes),
            }
        )
        return
    printer = results()
    printer.line(title)
    print_notes(progress(), task.notes)
    for measured in _in_order(measures, [metric.name for metric in task.metrics]):
        printer.line(f"  {measured:<17} ", Styled(format_measure(measured, measures[measured]), "bold"))
    if dataset is not None and task.sequential:
        printer.line(f"  {_unknown_tokens(task, split)}")
    if details is not None:
        print_details(printer, details)


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


def _in_order(measures: Mapping[str, float], metrics: Sequence[str]) -> list[str]:
    """The names of measures, the metrics first; without the loss where a metric says the same."""
    names = [name for name in metrics if name in measures]
    return [
        *names,
        *(name for name in measures if name not in names and (name, "log_loss" in names) != ("loss", True)),
    ]


def _unknown_tokens(task: Task, split: Split) -> str:
    """How a text differs from that of the training: its share of unknown text tokens."""
    from nasctl.datasets.texts.text import UNKNOWN

    names, labels = task.encoding.class_names, task.splits[split].labels
    unknown = (labels == names.index(UNKNOWN)).mean() if UNKNOWN in names else 0.0
    return f"{100 * unknown:.1f} % of its text tokens are not in the vocabulary of the training"
