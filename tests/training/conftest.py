from dataclasses import replace

import jax
import numpy as np
import pytest

from nasctl.datasets import Dataset, Examples
from nasctl.process import cache_compilations
from nasctl.tasks import SupervisedTask, supervised_task
from nasctl.tasks.augmentation import upsample_crop_flip


@pytest.fixture(scope="session")
def blobs() -> SupervisedTask:
    """108 training, 26 validation and 37 test images of three easily told classes; no split fills its batches."""
    random = np.random.default_rng(0)
    centres = random.normal(100, 40, (3, 4, 4, 1))

    def examples(count: int) -> Examples:
        labels = random.integers(0, 3, count).astype(np.int32)
        return Examples((centres[labels] + random.normal(0, 15, (count, 4, 4, 1))).astype(np.float32), labels)

    task = supervised_task(Dataset("blobs", "image", examples(134), examples(37), ("a", "b", "c")))
    return replace(task, input=replace(task.input, augmentation=upsample_crop_flip()))


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Caches every program that these tests compile, in a folder of their own."""
    folder = tmp_path_factory.mktemp("compiled")
    jax.config.update("jax_compilation_cache_dir", str(folder))
    cache_compilations(folder)
