from pathlib import Path

import numpy as np
import pytest

from nasctl.config import EARLIER_DATA
from nasctl.datasets.content import digest_of_examples
from nasctl.datasets.split import random_split
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


def test_earlier_runs_keep_their_random_splits(tmp_path: Path) -> None:
    images, labels = np.arange(900, dtype=np.float32).reshape(100, 3, 3) / 900, np.arange(100) % 2
    np.savez(tmp_path / "a.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    stable = make_task(str(tmp_path / "a.npz"), validation_seed=3)
    earlier = make_task(str(tmp_path / "a.npz"), validation_seed=3, settings=EARLIER_DATA)
    _, held_out = random_split(100, 20, seed=3)
    assert np.array_equal(earlier.splits["validation"].inputs[..., 0], images[held_out])
    assert not np.array_equal(stable.splits["validation"].inputs, earlier.splits["validation"].inputs)
    assert earlier.digest == digest_of_examples(earlier.splits, ("0", "1"))
