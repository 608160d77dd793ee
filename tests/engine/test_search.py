"""A search from start to end: the files that it writes, how it is resumed, and how it fails."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import nasctl
from nasctl.arch_json import load_document
from nasctl.architecture import Architecture
from nasctl.dialects import parse_space
from nasctl.engine import Listener
from nasctl.errors import NasctlError, WorkFailed
from nasctl.executors import Job
from nasctl.space import Space
from nasctl.store import RunFolder

Score = Callable[[Architecture], dict[str, float]]
RANDOM = {"controller": {"kind": "random", "batch": 4}}


def tokens_and_rewards(run: nasctl.Run) -> list[tuple[tuple[int, ...], float | None]]:
    return [(trial.tokens, trial.reward) for trial in run.trials]


def test_a_search_keeps_every_trial_and_the_best(space: Space, score: Score, tmp_path: Path) -> None:
    run = nasctl.search(space, score, trials=30, out=tmp_path / "run", settings=RANDOM)
    assert [trial.number for trial in run.trials] == list(range(30))
    assert all(trial.reward == sum(trial.tokens) for trial in run.trials)
    assert all(trial.metrics["half"] == (trial.reward or 0) / 2 for trial in run.trials)
    assert run.best is not None
    assert run.best.reward == max(trial.reward or 0 for trial in run.trials)
    assert run.best_architecture.tokens == run.best.tokens
    document = load_document(run.folder)
    assert document.results == {"reward": run.best.reward, "half": (run.best.reward or 0) / 2}
    assert document.origin["trial"] == run.best.number
    assert run.stopped == "all 30 trials are done"


def test_a_best_reward_of_zero_stays_the_best(space: Space, tmp_path: Path) -> None:
    best_kept = []

    class Recording(Listener):
        def trial_finished(self, trial: object, *, is_best: bool) -> None:
            best_kept.append(is_best)

    rewards = iter([-1.0, 0.0, -0.5, -2.0])
    settings = {**RANDOM, "search": {"duplicates": "repeat"}}
    run = nasctl.search(
        space,
        lambda _: next(rewards),
        trials=4,
        out=tmp_path / "run",
        settings=settings,
        listener=Recording(),
    )
    assert best_kept == [True, True, False, False]
    assert run.best is not None
    assert load_document(run.folder).origin["trial"] == run.best.number == 1


def test_the_seed_decides_the_trials(space: Space, score: Score, tmp_path: Path) -> None:
    first, again, other = (
        nasctl.search(space, score, trials=12, seed=seed, out=tmp_path / name, settings=RANDOM)
        for name, seed in (("first", 1), ("again", 1), ("other", 2))
    )
    assert tokens_and_rewards(first) == tokens_and_rewards(again)
    assert tokens_and_rewards(first) != tokens_and_rewards(other)


@pytest.mark.parametrize("kind", ["random", "reinforce"])
def test_a_run_that_was_cut_and_resumed_has_the_trials_of_one_that_was_not(
    kind: str, space: Space, score: Score, tmp_path: Path
) -> None:
    settings = {"controller": {"kind": kind, "batch": 4}}
    whole = nasctl.search(space, score, trials=22, out=tmp_path / "whole", settings=settings)
    nasctl.search(space, score, trials=6, out=tmp_path / "cut", settings=settings)
    nasctl.resume(tmp_path / "cut", score, budget={"trials": 15})
    resumed = nasctl.resume(tmp_path / "cut", score, budget={"trials": 22})
    assert tokens_and_rewards(resumed) == tokens_and_rewards(whole)


def test_an_interrupt_loses_only_the_trial_in_flight(space: Space, score: Score, tmp_path: Path) -> None:
    calls = []

    def interrupted(architecture: Architecture) -> dict[str, float]:
        calls.append(architecture)
        if len(calls) == 10:
            raise KeyboardInterrupt
        return score(architecture)

    settings = {**RANDOM, "search": {"duplicates": "repeat"}}
    with pytest.raises(KeyboardInterrupt):
        nasctl.search(space, interrupted, trials=20, out=tmp_path / "run", settings=settings)
    assert len(nasctl.Run(tmp_path / "run").trials) == 9
    resumed = nasctl.resume(tmp_path / "run", score)
    whole = nasctl.search(space, score, trials=20, out=tmp_path / "whole", settings=settings)
    assert tokens_and_rewards(resumed) == tokens_and_rewards(whole)


def test_the_same_network_is_answered_from_the_store(space: Space, score: Score, tmp_path: Path) -> None:
    scored: list[tuple[int, ...]] = []

    def counted(architecture: Architecture) -> dict[str, float]:
        scored.append(architecture.tokens)
        return score(architecture)

    run = nasctl.search(space, counted, trials=100, out=tmp_path / "run", settings=RANDOM)
    assert len(scored) == len(set(scored)) == len({trial.tokens for trial in run.trials})
    for trial in run.trials:
        if trial.reused is not None:
            earlier = run.trials[trial.reused]
            assert (earlier.tokens, earlier.reward, earlier.reused) == (trial.tokens, trial.reward, None)
    scored.clear()
    settings = {**RANDOM, "search": {"duplicates": "repeat"}}
    nasctl.search(space, counted, trials=100, out=tmp_path / "repeat", settings=settings)
    assert len(scored) == 100


def test_a_child_that_fails_is_recorded_and_the_search_goes_on(space: Space, tmp_path: Path) -> None:
    def fragile(architecture: Architecture) -> float:
        match architecture.tokens[0]:
            case 0:
                raise ValueError("a 0 is not for me\nmore of it")
            case 1:
                return float("nan")
            case 2:
                raise MemoryError("too large")
        return 1.0

    run = nasctl.search(space, fragile, trials=40, out=tmp_path / "run", settings=RANDOM)
    statuses = {0: "crashed", 1: "not_finite", 2: "out_of_memory", 3: "complete"}
    assert [trial.status for trial in run.trials] == [statuses[trial.tokens[0]] for trial in run.trials]
    crashed = next(trial for trial in run.trials if trial.status == "crashed")
    assert crashed.reward is None
    assert crashed.cause == "ValueError: a 0 is not for me"
    assert "more of it" in crashed.traceback


def test_a_search_in_which_all_fails_stops_with_the_reason(space: Space, tmp_path: Path) -> None:
    def broken(architecture: Architecture) -> float:
        raise OSError("the simulator is down")

    settings = {**RANDOM, "search": {"max_failures": 5}}
    with pytest.raises(WorkFailed, match="last 5 trials all failed.*the simulator is down"):
        nasctl.search(space, broken, trials=40, out=tmp_path / "run", settings=settings)
    assert len(nasctl.Run(tmp_path / "run").trials) == 5


@pytest.mark.parametrize(
    ("returned", "cause"),
    [
        ({"loss": 1.0}, 'returned loss but no "reward"'),
        ("high", "'high' as reward, which is not a number"),
        ("0.5", "'0.5' as reward, which is not a number"),
    ],
)
def test_an_evaluator_that_returns_nonsense_is_told_so(
    returned: object, cause: str, space: Space, tmp_path: Path
) -> None:
    settings = {**RANDOM, "search": {"max_failures": 1}}
    with pytest.raises(WorkFailed, match=cause):
        nasctl.search(space, lambda _: returned, out=tmp_path / "run", settings=settings)  # type: ignore[arg-type,return-value]


def test_a_budget_of_time_stops_the_search_and_is_named(space: Space, score: Score, tmp_path: Path) -> None:
    settings = {**RANDOM, "search": {"trials": 10**6, "seconds": 0.05}}
    run = nasctl.search(space, score, out=tmp_path / "run", settings=settings)
    assert run.stopped == "the time is up (0.05 s)"
    assert 0 < len(run.trials) < 10**6


def test_measured_constraints_make_a_trial_invalid(score: Score, tmp_path: Path) -> None:
    text = "space choices\na in {0, 1, 2, 3}\nrequire half < 1\n"
    (tmp_path / "bounded.nas").write_text(text)
    run = nasctl.search(tmp_path / "bounded.nas", score, trials=20, out=tmp_path / "run", settings=RANDOM)
    assert {trial.status for trial in run.trials if trial.tokens[0] >= 2} == {"invalid"}
    assert {trial.status for trial in run.trials if trial.tokens[0] < 2} == {"complete"}
    assert "half < 1 is required" in next(t.cause for t in run.trials if t.status == "invalid")


def test_the_reward_may_be_a_formula_of_what_is_measured(space: Space, score: Score, tmp_path: Path) -> None:
    settings = {**RANDOM, "search": {"reward": "8 * half - reward ^ 2"}}
    run = nasctl.search(space, score, trials=20, out=tmp_path / "run", settings=settings)
    totals = [sum(trial.tokens) for trial in run.trials]
    assert [trial.reward for trial in run.trials] == [4 * total - total**2 for total in totals]
    assert run.best is not None
    assert run.best.reward == max(trial.reward or 0 for trial in run.trials)


def test_a_reward_without_a_value_is_no_reward(space: Space, score: Score, tmp_path: Path) -> None:
    settings = {**RANDOM, "search": {"reward": "log(half - 1)"}}
    run = nasctl.search(space, score, trials=20, out=tmp_path / "run", settings=settings)
    assert {trial.status for trial in run.trials if sum(trial.tokens) <= 2} == {"not_finite"}
    assert {trial.status for trial in run.trials if sum(trial.tokens) > 2} == {"complete"}


def test_a_reward_of_what_is_not_measured_ends_the_search(space: Space, score: Score, tmp_path: Path) -> None:
    settings = {**RANDOM, "search": {"reward": "reward / latency"}}
    with pytest.raises(NasctlError, match="needs latency, which is not measured"):
        nasctl.search(space, score, trials=20, out=tmp_path / "run", settings=settings)
    with pytest.raises(NasctlError, match="cannot be read"):
        nasctl.search(space, score, out=tmp_path / "other", settings={"search": {"reward": "half *"}})
    assert not (tmp_path / "other").exists()


def test_a_space_file_may_say_what_is_maximised(score: Score, tmp_path: Path) -> None:
    text = 'space choices\na in {0, 1, 2, 3}\nsearch { reward "0 - half" }\n'
    run = nasctl.search(parse_space(text, name="toy"), score, trials=8, out=tmp_path / "run", settings=RANDOM)
    assert all(trial.reward == -trial.tokens[0] / 2 for trial in run.trials)


@pytest.mark.parametrize("kind", ["random", "local", "evolution", "reinforce"])
def test_known_architectures_are_tried_first(kind: str, space: Space, score: Score, tmp_path: Path) -> None:
    known = [space.decode((3, 3, 2)), space.decode((0, 1, 2))]
    files = [tmp_path / f"{index}.json" for index in range(2)]
    for architecture, file in zip(known, files, strict=True):
        architecture.save(file)
    settings = {"controller": {"kind": kind}}
    run = nasctl.search(space, score, trials=8, out=tmp_path / "run", settings=settings, init=files)
    assert [trial.tokens for trial in run.trials[:2]] == [(3, 3, 2), (0, 1, 2)]
    cut = nasctl.search(space, score, trials=1, out=tmp_path / "cut", settings=settings, init=files)
    files[1].unlink()
    cut = nasctl.resume(cut.folder, score, budget={"trials": 8})
    assert tokens_and_rewards(cut) == tokens_and_rewards(run)


def test_a_known_architecture_may_come_from_another_space(score: Score, space: Space, tmp_path: Path) -> None:
    smaller = parse_space("space choices\nc in {3}\nb in {1, 2}\na in {0, 1}\n", name="smaller")
    smaller.decode((0, 1, 1)).save(tmp_path / "known.json")
    run = nasctl.search(
        space, score, trials=2, out=tmp_path / "run", settings=RANDOM, init=[tmp_path / "known.json"]
    )
    assert run.trials[0].tokens == (1, 2, 3)
    other = parse_space("space choices\na in {7}\nb in {0}\nc in {0}\n", name="other")
    other.decode((0, 0, 0)).save(tmp_path / "alien.json")
    with pytest.raises(NasctlError, match="is not one of space toy: a cannot be 7"):
        nasctl.search(space, score, out=tmp_path / "no", init=[tmp_path / "alien.json"])
    assert not (tmp_path / "no").exists()


def test_a_child_that_cannot_fit_is_not_tried(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    space = parse_space(
        "space cnn\ninput image\nlayers 1\nlayer { conv { height in {1} width in {1} filters in {1, 4000} } relu }\n"
        "output classifier\n",
        name="wide",
    )
    settings = {
        "controller": {"kind": "random"},
        "search": {"executor": "inline", "child_gigabytes": 0.05, "trials": 8},
        "training": {"epochs": 1},
    }
    nasctl.search(space, out=tmp_path / "run", settings=settings)
    trials = nasctl.Run(tmp_path / "run").trials
    assert {trial.status for trial in trials} == {"complete", "out_of_memory"}
    assert all(trial.tokens[-1] == 1 for trial in trials if trial.status == "out_of_memory")
    assert re.search("[0-9]+ of 20 random networks of wide need more than the 50 MB of memory", caplog.text)


def test_a_space_of_which_no_network_fits_is_refused_before_the_run_starts(tmp_path: Path) -> None:
    settings = {"search": {"executor": "inline", "child_gigabytes": 1e-5}}
    with pytest.raises(NasctlError, match="no network of cnn can be trained on digits: of 20 random ones"):
        nasctl.search("spaces/cnn.nas", out=tmp_path / "run", settings=settings)
    assert not (tmp_path / "run").exists()


def test_a_function_of_this_process_cannot_be_sent_to_workers(
    space: Space, score: Score, tmp_path: Path
) -> None:
    with pytest.raises(NasctlError, match="cannot be called by worker processes") as error:
        nasctl.search(space, score, out=tmp_path / "run", settings={"search": {"workers": 2}})
    assert "MODULE:FUNCTION" in error.value.hint


def test_a_space_without_networks_needs_a_function(space: Space, tmp_path: Path) -> None:
    with pytest.raises(NasctlError) as error:
        nasctl.search(space, out=tmp_path / "run")
    assert "--evaluator" in error.value.hint
    assert not (tmp_path / "run").exists()


def test_a_run_is_only_resumed_on_its_own_space(space: Space, score: Score, tmp_path: Path) -> None:
    run = nasctl.search(space, score, trials=3, out=tmp_path / "run", settings=RANDOM)
    file = run.folder / "space.nas"
    file.write_text(file.read_text().replace("{0, 1, 2, 3}", "{0, 1, 2}", 1))
    with pytest.raises(NasctlError, match="is not the space that the run was started with"):
        nasctl.resume(run.folder, score, budget={"trials": 5})


def test_the_listener_receives_every_event(space: Space, score: Score, tmp_path: Path) -> None:
    events: list[str] = []

    class Recording(Listener):
        def search_started(self, folder: Path, *_: object) -> None:
            events.append(f"search in {folder.name}")

        def trial_started(self, job: Job) -> None:
            events.append(f"start {job.number}")

        def trial_finished(self, trial: object, *, is_best: bool) -> None:
            events.append("best" if is_best else "trial")

        def controller_updated(self, trials_seen: int, metrics: object) -> None:
            events.append(f"update {trials_seen}")

    nasctl.search(space, score, trials=8, out=tmp_path / "run", settings=RANDOM, listener=Recording())
    assert events[0] == "search in run"
    assert events.count("trial") + events.count("best") == 8
    assert [event for event in events if event.startswith("update")] == ["update 4", "update 8"]


def test_the_controllers_updates_are_kept(space: Space, score: Score, tmp_path: Path) -> None:
    settings = {"controller": {"batch": 4}}
    run = nasctl.search(space, score, trials=12, out=tmp_path / "run", settings=settings)
    updates = RunFolder.open(run.folder).trials(read_only=True).updates()
    assert list(updates) == [4, 8, 12]
    assert all("entropy" in metrics for metrics in updates.values())
