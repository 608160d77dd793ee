"""How long work reports its progress. The command line says how it is shown; by default it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

Show = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Shows the progress of work: from what is done and the number of its steps to a function that takes the steps done."""

_show: ContextVar[Show | None] = ContextVar("show", default=None)


@contextmanager
def shown_by(show: Show) -> Iterator[None]:
    """Shows the progress of all work in the block."""
    token = _show.set(show)
    try:
        yield
    finally:
        _show.reset(token)


def progress(what: str, steps: int) -> AbstractContextManager[Callable[[int], None]]:
    """Reports work that may take long.

    Args:
      what: What is done, such as `reading 3,000 images`.
      steps: The number of its steps.

    Returns:
      A context manager whose value takes the number of steps that are done.
    """
    show = _show.get()
    return nullcontext(lambda done: None) if show is None else show(what, steps)
