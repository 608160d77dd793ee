"""Long work before the first trial is shown: as a bar in a terminal, on a line elsewhere."""

import io

import pytest
from rich.console import Console

from nasctl.cli import console
from nasctl.cli.console import Printer
from nasctl.cli.search_view import SearchView
from nasctl.progress import progress, shown_by


def printer(*, terminal: bool) -> tuple[Printer, io.StringIO]:
    file = io.StringIO()
    return Printer(Console(file=file, force_terminal=terminal, width=80), terminal), file


def work(steps: int = 3) -> None:
    with progress("preparing 3 images", steps) as report:
        for done in range(steps):
            report(done + 1)


def test_a_terminal_shows_a_bar() -> None:
    made, file = printer(terminal=True)
    with shown_by(made.work):
        work()
    assert "preparing 3 images" in file.getvalue()
    assert "100%" in file.getvalue()


@pytest.mark.parametrize(("soon", "said"), [(0.0, "preparing 3 images\n"), (60.0, "")])
def test_elsewhere_a_line_says_what_takes_long(
    soon: float, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "SOON", soon)
    made, file = printer(terminal=False)
    with shown_by(made.work):
        work()
    assert file.getvalue() == said


def test_a_step_shows_how_much_of_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr("rich.status.Status.update", lambda self, text: shown.append(str(text)))
    made, _ = printer(terminal=True)
    with made.steps("reading photographs"):
        work()
    assert shown == [f"preparing 3 images: {share} %" for share in (33, 67, 100)] + ["reading photographs"]


def test_a_search_shows_work_among_its_rows() -> None:
    view = SearchView()
    file = io.StringIO()
    view._progress = Printer(Console(file=file, force_terminal=True, width=120), True)
    with view._show_work("preparing 3 images", 3) as report:
        report(1)
        view._progress.console.print(view._render())
    assert "preparing 3 images" in file.getvalue()
    view._progress.console.print(view._render())
    assert file.getvalue().count("preparing 3 images") == 1


def test_without_a_listener_work_is_not_shown() -> None:
    work()
