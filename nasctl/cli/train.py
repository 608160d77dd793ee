"""`nasctl train`: trains one architecture."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from nasctl.cli.console import Styled, print_json, progress, results
from nasctl.cli.data_text import data_json, described, print_notes
from nasctl.cli.options import (
    SEED_RANGE,
    ArchitecturePath,
    DataDir,
    ExampleCount,
    Fit,
    ImageSize,
    Json,
    Settings,
    data_dir_options,
    data_settings,
    range_of,
    read_folder,
    read_settings,
)
from nasctl.cli.quantities import counted
from nasctl.foreign_text import shell_command
from nasctl.metrics import EpochMetrics

EPOCHS = 20


def train(
    architecture: ArchitecturePath,
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A data set by name, or a file or folder. Default: the one of the search that found it.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    image_size: ImageSize = None,
    fit: Fit = None,
    examples: ExampleCount = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help=f"Passes over the training examples. Default: {EPOCHS}.",
            show_default=False,
            **range_of("training", "epochs"),
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            metavar="N", help="Seed of the initial parameters and the order of the data.", **SEED_RANGE
        ),
    ] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            parser=read_folder,
            help="The checkpoint folder. Default: `trained` in the run's folder, or beside the file.",
            show_default=False,
        ),
    ] = None,
    settings: Settings = None,
    json: Json = False,
) -> None:
    """Train one architecture, keep its best parameters, and measure them on the test split.

    The best parameters are those of the epoch with the best validation result. Settings that you do not override are
    those of the search that found the architecture, except for the number of epochs.

    Example: nasctl train runs/cnn --epochs 30
    """
    from nasctl.arch_json import load_document
    from nasctl.architecture import Architecture
    from nasctl.jax_start import check_jax
    from nasctl.process import prepare_to_train
    from nasctl.settings import resolve

    overrides = read_settings(
        settings, {"training.epochs": ("--epochs", epochs), **data_settings(image_size, fit, examples)}
    )
    found = load_document(architecture)  # before JAX is imported, which takes seconds

    prepare_to_train()
    check_jax()

    from nasctl.engine import info_of, recorded_data, recorded_training, task_to_train
    from nasctl.training import check_saveable, save_checkpoint, train_child

    child = Architecture.decode(found.space, found.tokens)
    recorded, source = recorded_training(found)
    resolved = resolve({"training": {**recorded, "epochs": EPOCHS}, "data": recorded_data(found)}, overrides)
    config = resolved.training
    folder = out or _trained_folder(found.path)
    check_saveable(folder)  # before the first epoch
    task = task_to_train(found, dataset, data_dir=data_dir, settings=resolved.data)
    measured_on = info_of(task, resolved.data)
    metric = task.metrics[0]

    if not json:
        used = ", ".join(f"{name} {_written(value)}" for name, value in asdict(config).items())
        progress().fields(
            [("data set", described(task)), ("seed", str(seed)), ("settings", f"of {source}"), ("", used)]
        )
        print_notes(progress(), task.notes)
    with progress().steps("compiling") as show:

        def show_epoch(metrics: EpochMetrics) -> None:
            reached = metric.format(metrics[f"validation_{metric.name}"])
            show(
                f"epoch {metrics['epoch']:>3.0f} of {config.epochs}  loss {metrics['train_loss']:.4f}"
                f"  validation {metric.name} {reached}"
            )

        trained = train_child(child, task, config, seed=seed, on_epoch=show_epoch)
        test = trained.measure_split(trained.weights, "test")
    measured = {**trained.metrics, **{f"test_{measure}": value for measure, value in test.items()}}
    document = child.document(
        task=measured_on,
        training=config,
        results=measured,
        origin={**found.origin, "trained_from": str(found.path), "training_seed": seed},
    )
    save_checkpoint(folder, trained.weights, document=document, task=task, config=config, metrics=measured)

    if json:
        print_json(
            {
                "checkpoint": str(folder),
                "dataset": task.name,
                "data": data_json(task),
                "seed": seed,
                "training": asdict(config),
                "training_from": source,
                "best_epoch": trained.best_epoch,
                **measured,
            }
        )
        return
    printer = results()
    printer.line(
        f"Best of {counted(config.epochs, 'epoch')}: epoch {trained.best_epoch}, validation {metric.name} "
        f"{metric.format(measured[f'validation_{metric.name}'])}, test {metric.name} ",
        Styled(metric.format(test[metric.name]), "bold"),
        ".",
    )
    printer.listed([(str(folder), "the checkpoint")])
    printer.line("Next:")
    again = shell_command("nasctl", "eval", folder, *data_dir_options(data_dir))
    printer.listed([(again, "measure it again")], "bold")


def _written(value: object) -> str:
    """The value of a setting as a space file has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _trained_folder(document: Path) -> Path:
    """The default checkpoint folder: `trained` in the architecture's run, or beside its file or its checkpoint."""
    from nasctl.engine import run_of

    folder = document.parent
    if (folder / "checkpoint.json").is_file():
        if folder.name != "checkpoint":
            return folder.absolute().with_name(f"{folder.absolute().name}-trained")
        folder = folder.parent  # the checkpoint of the best network is beside its arch.json
    return (run_of(folder / document.name) or folder) / "trained"
