"""A search that is killed, polled and short of disk ends as one that is not."""

from __future__ import annotations

import pytest
from soak import soak


@pytest.mark.slow
def test_nothing_is_lost_in_a_search_under_attack() -> None:
    report = soak(600, pause=0.7)
    assert report.wrong == []
    assert report.statuses.total() == 600
    assert report.events["worker killed"] + report.events["search killed"] >= 2
    assert report.events["read by status"] >= 1
    for _, early, late in report.growth():
        assert late.files <= early.files + 5
        assert late.megabytes <= early.megabytes + 30
