from pathlib import Path

import numpy as np
import pytest

from nasctl.errors import NasctlError
from nasctl.metrics import ACCURACY
from nasctl.tasks import make_task


def test_a_task_is_made_from_the_name_of_a_data_set(tmp_path: Path) -> None:
    x, y = np.arange(90, dtype=np.uint8).reshape(10, 3, 3), np.arange(10) % 2
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    task = make_task(str(tmp_path / "a.npz"), validation_seed=3)
    assert (task.kind, task.metrics[0], task.validation_seed) == ("image", ACCURACY, 3)
    assert (task.signature.input_shape, task.signature.outputs) == ((3, 3, 1), 2)


def test_an_unknown_data_set_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NasctlError, match="no data set is called"):
        make_task("digitz", data_dir=tmp_path)
