"""Runs of several controllers on one space, with several seeds and equal budgets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from nasctl.engine.evaluation.function_evaluator import EvaluateFunction
from nasctl.engine.loop.listener import Listener
from nasctl.engine.run import Run, resume, search
from nasctl.settings import Settings
from nasctl.space import Space


def comparison_runs(
    space: Space,
    controllers: Sequence[str],
    seeds: int,
    out: Path,
    *,
    trials: int,
    evaluate: EvaluateFunction | str | None = None,
    dataset: str | None = None,
    data_dir: Path | None = None,
    settings: Settings | None = None,
    listener: Listener | None = None,
) -> Iterator[Run]:
    """Searches once for each seed and controller, and yields each run. Existing runs are resumed.

    A run that exists is resumed. It must have the same space, data set, evaluator and settings.

    Args:
      space: The space that is searched.
      controllers: Kinds of controllers.
      seeds: Number of seeds. Every controller runs with the seeds 0, 1 and so on.
      out: Folder of the runs, `CONTROLLER-SEED` each.
      trials: Trials of each run.
      evaluate: As in `search`.
      dataset: As in `search`.
      data_dir: As in `search`.
      settings: As in `search`.
      listener: Receives the events of each run.
    """
    for seed in range(seeds):
        for controller in controllers:
            folder = out / f"{controller}-{seed}"
            if (folder / "run.json").exists():
                own = {
                    **(settings or {}),
                    "controller": {**(settings or {}).get("controller", {}), "kind": controller},
                }
                yield resume(
                    folder,
                    evaluate,
                    space=space,
                    seed=seed,
                    dataset=dataset,
                    data_dir=data_dir,
                    budget={"trials": trials},
                    settings=own,
                    listener=listener,
                )
                continue
            yield search(
                space,
                evaluate,
                controller=controller,
                trials=trials,
                seed=seed,
                out=folder,
                dataset=dataset,
                data_dir=data_dir,
                settings=settings,
                listener=listener,
            )
