"""What `nasctl data check` reports of a data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nasctl.tasks import make_task
from nasctl.tasks.report import report_of


def test_the_range_of_padded_series_is_that_of_their_values(tmp_path: Path) -> None:
    lines = ["@problemName a", "@timestamps false", "@univariate true", "@classLabel true up down", "@data"]
    for number in range(24):
        values = [float(number + step) for step in range(3 + number % 4)]
        lines.append(f"{','.join(map(str, values))}:{'up' if number % 2 else 'down'}")
    (tmp_path / "a.ts").write_text("\n".join(lines))
    task = make_task(str(tmp_path / "a.ts"))
    assert np.isnan(np.asarray(task.splits["train"].inputs)).any()
    low, high = report_of(task).values or (np.nan, np.nan)
    assert 0 <= low < high <= 28
