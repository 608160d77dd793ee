"""Workers as actors of a Ray cluster, on any number of machines."""

from __future__ import annotations

import logging
import socket
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import ray
from ray.exceptions import RayError

from nasctl.errors import NasctlError
from nasctl.executors.evaluator_spec import EvaluatorSpec
from nasctl.executors.machine import Machine
from nasctl.executors.messages import Message
from nasctl.executors.worker import Worker, error_content, limit_memory
from nasctl.executors.worker_handle import WorkerExit, WorkerHandle, WorkerLost
from nasctl.process import allow_configuration

CONNECT_TIMEOUT = 10.0
"""Seconds in which a cluster must accept a connection."""

_THREADS = 4
"""Calls that an actor handles at the same time: one waits for its messages, the others pass messages to it."""


class Actor:
    """A worker in a process of a Ray cluster.

    Args:
      maker: `EvaluatorSpec.maker`.
      arguments: `EvaluatorSpec.arguments`.
      gigabytes: Memory limit in GB; 0 for no limit.
    """

    def __init__(self, maker: str, arguments: Mapping[str, Any], gigabytes: float) -> None:
        self._sent: SimpleQueue[Message] = SimpleQueue()
        self._worker: Worker | None = None
        allow_configuration()
        if gigabytes:
            limit_memory(gigabytes)
        threading.Thread(target=self._work, args=(EvaluatorSpec(maker, arguments),), daemon=True).start()

    def messages(self) -> list[Message]:
        """Waits until the worker has messages, and returns them."""
        messages = [self._sent.get()]
        while True:
            try:
                messages.append(self._sent.get_nowait())
            except Empty:
                return messages

    def handle(self, message: Message) -> None:
        """Handles a message from the search."""
        assert self._worker is not None
        self._worker.handle(message)

    def save(self, number: int, document: dict[str, Any]) -> tuple[Message, dict[str, bytes]]:
        """Saves the network of a job; returns the answer of `Worker.save`, and the files by their relative paths."""
        assert self._worker is not None
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "saved"
            answer = self._worker.save(number, folder, document)
            files = [path for path in folder.rglob("*") if path.is_file()]
            return answer, {str(path.relative_to(folder)): path.read_bytes() for path in files}

    def _work(self, spec: EvaluatorSpec) -> None:
        try:
            self._worker = Worker(spec.make(), self._sent.put)
        except Exception as error:
            self._sent.put({"kind": "unusable", **error_content(error)})
            return
        self._worker.work()


class RayWorkerHandle(WorkerHandle):
    """The handle of an actor.

    Args:
      actor: Ray's handle of it.
    """

    def __init__(self, actor: Any) -> None:
        super().__init__("the logs of Ray")
        self._actor = actor
        self.coming = actor.messages.remote()
        self._lost = ""

    def send(self, message: Message) -> None:
        """Sends a message."""
        self._actor.handle.remote(message)

    def receive(self) -> list[Message]:
        """Returns the messages that have arrived."""
        if not ray.wait([self.coming], timeout=0)[0]:
            return []
        try:
            messages: list[Message] = ray.get(self.coming)
        except RayError as error:
            self._lost = str(error).strip().splitlines()[0]
            raise WorkerLost from error
        self.coming = self._actor.messages.remote()
        return messages

    def save(self, number: int, folder: Path, document: dict[str, Any]) -> dict[str, Any]:
        """Asks the actor to save the network of a job, and writes its files on this machine."""
        try:
            answer, files = ray.get(self._actor.save.remote(number, document))
        except RayError as error:
            raise WorkerLost from error
        if "error" in answer:
            raise self.error(answer, f"the best network cannot be saved in {folder}")
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        saved: dict[str, Any] = answer["document"]
        return saved

    def stop(self) -> WorkerExit:
        """Kills the actor."""
        ray.kill(self._actor)
        return WorkerExit(self._lost or "it was stopped")


class RayBackend:
    """Starts and stops actors on a Ray cluster, each on its own core or GPU.

    Args:
      spec: The specification from which every actor makes its evaluator.
      workers: Number of actors.
      on_gpus: Whether each takes a GPU, besides its core.
      environment: Environment variables of each actor.
      gigabytes: Memory limit of each actor in GB; 0 for no limit.
    """

    def __init__(
        self,
        spec: EvaluatorSpec,
        *,
        workers: int,
        on_gpus: bool,
        environment: Mapping[str, str],
        gigabytes: float,
    ) -> None:
        self.size = workers
        self._on_gpus = on_gpus
        self._spec = spec
        self._environment = dict(environment)
        self._gigabytes = gigabytes

    def start(self, index: int) -> RayWorkerHandle:
        """Starts an actor; the cluster delays the start until a core or GPU is free."""
        actor = ray.remote(Actor).options(
            num_cpus=1,
            num_gpus=1 if self._on_gpus else 0,
            max_concurrency=_THREADS,
            runtime_env={"env_vars": self._environment},
        )
        return RayWorkerHandle(actor.remote(self._spec.maker, dict(self._spec.arguments), self._gigabytes))

    def wait(self, workers: Sequence[RayWorkerHandle], seconds: float | None) -> None:
        """Waits until an actor has sent a message or has exited, or the time is up."""
        ray.wait([worker.coming for worker in workers], timeout=seconds)

    def stop(self, workers: Sequence[RayWorkerHandle]) -> None:
        """Kills all actors. A cluster that was started for them stops when this process exits."""
        for worker in workers:
            worker.stop()


def detect_cluster(address: str) -> Machine:
    """The hardware of a cluster on which children run: its GPUs, or its cores if it has no GPU.

    Args:
      address: Address of a running cluster; a cluster is started on this machine if it is empty.

    Raises:
      NasctlError: There is no cluster at the address.
    """
    connect(address)
    cluster: Any = ray
    resources: Mapping[str, float] = cluster.cluster_resources()
    cores, gpus = max(1, int(resources.get("CPU", 0))), int(resources.get("GPU", 0))
    return Machine("gpu", gpus, 0, cores) if gpus else Machine("cpu", cores, 0, cores)


def connect(address: str) -> None:
    """Connects this process to a cluster; starts one on this machine if the address is empty.

    Raises:
      NasctlError: There is no cluster at the address.
    """
    if ray.is_initialized():
        return
    try:
        _check_reachable(address)
        ray.init(
            address=address or "local",
            log_to_driver=False,
            logging_level=logging.ERROR,
            include_dashboard=None if address else False,
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise NasctlError(
            f"there is no Ray cluster at {address}: {str(error).strip().splitlines()[0]}",
            hint="`ray start --head` starts one; without --ray-address one is started for the search",
        ) from error


def _check_reachable(address: str) -> None:
    """Checks that a server accepts connections at the address: Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").partition(":")
    if port.isdecimal():
        socket.create_connection((host, int(port)), timeout=CONNECT_TIMEOUT).close()
