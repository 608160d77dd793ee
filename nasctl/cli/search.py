"""`nasctl search`: searches a space, or resumes a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nasctl.cli.options import (
    SEED_RANGE,
    DataDir,
    ExampleCount,
    Fit,
    ImageSize,
    Json,
    Settings,
    SpacePath,
    data_settings,
    option_of,
    range_of,
    read_duration,
    read_folder,
    read_settings,
)
from nasctl.config import CONTROLLERS
from nasctl.errors import NasctlError
from nasctl.interruption import note_explained
from nasctl.settings import resolve

INTERRUPTED = 130


def search(
    space: SpacePath,
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Name of a data set, or path of your own file or folder. Default: the digits, or Python's manual for "
            "text.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    image_size: ImageSize = None,
    fit: Fit = None,
    examples: ExampleCount = None,
    controller: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(CONTROLLERS), help="Controller that proposes architectures.", show_default=False
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Stop after N trials.", show_default=False, **range_of("search", "trials")
        ),
    ] = None,
    time: Annotated[
        str | None, typer.Option(metavar="90s|10m|1h30m", help="Stop after this time.", show_default=False)
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Stop after N training epochs, summed over all children.",
            show_default=False,
            **range_of("search", "epochs"),
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Evaluate N children at the same time, each in its own process. Default: one per core, or up to four "
            "per GPU.",
            show_default=False,
            **range_of("search", "workers"),
        ),
    ] = None,
    executor: Annotated[
        str | None,
        typer.Option(
            metavar="inline|local|ray",
            help="Run children in this process, in processes on this machine, or on a Ray cluster.",
            show_default=False,
        ),
    ] = None,
    ray_address: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Address of a Ray cluster, such as auto or ray://host:10001.",
            show_default=False,
        ),
    ] = None,
    children_per_device: Annotated[
        int | None,
        typer.Option(
            metavar="K",
            help="Train K recurrent cells of one size with one program. Default: 1 on a CPU, more on an "
            "accelerator.",
            show_default=False,
            **range_of("search", "children_per_device"),
        ),
    ] = None,
    evaluator: Annotated[
        str | None,
        typer.Option(
            metavar="MODULE:FUNCTION",
            help="Call a Python function to evaluate an architecture, instead of training it.",
            show_default=False,
        ),
    ] = None,
    init: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="ARCH", help="Try this architecture first. You can repeat the option.", show_default=False
        ),
    ] = None,
    reward: Annotated[
        str | None,
        typer.Option(
            metavar="FORMULA",
            help="Maximise a formula of measured values, such as 'accuracy * (latency / 20) ^ -0.07'.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Seed of all random numbers. Default: 0, or that of the resumed run.",
            show_default=False,
            **SEED_RANGE,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            parser=read_folder,
            help="The run folder. Default: the next free folder runs/NAME.",
            show_default=False,
        ),
    ] = None,
    settings: Settings = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Resume the run in --out, or the newest run of this space. A larger budget extends it.",
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Search a space for the architecture with the largest reward.

    The run folder keeps every trial and the best network. Press Ctrl-C to stop; --resume continues the run.

    Example: nasctl search spaces/cnn.nas --trials 50
    """
    options: dict[str, tuple[str, object]] = {
        **data_settings(image_size, fit, examples),
        "search.trials": ("--trials", trials),
        "search.seconds": ("--time", None if time is None else read_duration(time)),
        "search.epochs": ("--epochs", epochs),
        "search.workers": ("--workers", workers),
        "search.executor": ("--executor", executor),
        "search.ray_address": ("--ray-address", ray_address),
        "search.reward": ("--reward", reward),
        "search.children_per_device": ("--children-per-device", children_per_device),
        "controller.kind": ("--controller", controller),
    }
    overrides = read_settings(settings, options)

    from nasctl.dialects import load_space

    # What can be checked at once is checked before JAX is imported, which takes seconds.
    loaded = load_space(space)
    if resume:
        if init:
            raise NasctlError("--init cannot change in a run that is resumed", hint="leave it out")
        run_folder = out or _newest_run(space)
    else:
        resolve(loaded.defaults, overrides)

    from nasctl.cli.search_view import SearchView
    from nasctl.engine import resume as resume_run
    from nasctl.engine import search as start_run
    from nasctl.engine.resumption import CannotChange

    with SearchView(data_dir) as view:
        try:
            if resume:
                run = resume_run(
                    run_folder,
                    evaluator,
                    space=loaded,
                    seed=seed,
                    dataset=dataset,
                    data_dir=data_dir,
                    settings=overrides,
                    listener=view,
                )
            else:
                run = start_run(
                    loaded,
                    evaluator,
                    seed=seed or 0,
                    out=out,
                    dataset=dataset,
                    data_dir=data_dir,
                    settings=overrides,
                    init=init or (),
                    listener=view,
                )
        except CannotChange as error:
            raise CannotChange([option_of(name, options) for name in error.names]) from error
        except KeyboardInterrupt:
            view.interrupted(space, evaluator)
            note_explained()
            raise typer.Exit(INTERRUPTED) from None
    view.finished(run, json=json)


def _newest_run(space: str) -> Path:
    from nasctl.store import RUNS, list_runs

    name = Path(space).stem
    runs = list_runs(RUNS, name)
    if not runs:
        raise NasctlError(f"there is no run of {name} under {RUNS}/", hint="name its folder with --out")
    return runs[-1]
