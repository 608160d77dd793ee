"""The messages between a search and its workers: each is one JSON document.

From the search: `job`, `save`, `forget`. From a worker: `ready` or `unusable` once, then `started`, `epoch`, `outcome`
for each job, and `saved` for each `save`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

from nasctl.architecture import Architecture
from nasctl.executors.job import Evaluation, Job, Outcome, Rung, Save
from nasctl.files.json_text import read_measures, write_record
from nasctl.space import Space

Message = dict[str, Any]

OUT_OF_MEMORY = 77
"""Exit code of a worker that exceeded its memory limit."""

PIPE_CLOSED = 78
"""Exit code of a worker whose pipe to the search was closed by the code of an evaluator."""


def send(connection: Connection, message: Message) -> None:
    """Sends a message."""
    connection.send_bytes(write_record(message).encode())


def receive(connection: Connection) -> Message:
    """Waits for a message.

    Raises:
      EOFError: The other process has closed the connection.
    """
    message: Message = json.loads(connection.recv_bytes())
    return message


def job_message(job: Job) -> Message:
    """The message that sends a job to a worker."""
    return {
        "kind": "job",
        "number": job.number,
        "tokens": list(job.architecture.tokens),
        "seed": job.seed,
        "rungs": [[rung.epoch, rung.reward] for rung in job.rungs],
    }


def read_job(message: Message, space: Space) -> Job:
    """The job of a `job` message."""
    rungs = tuple(Rung(epoch, reward) for epoch, reward in message["rungs"])
    return Job(message["number"], Architecture.decode(space, message["tokens"]), message["seed"], rungs)


def outcome_content(outcome: Outcome) -> Mapping[str, object]:
    """The content of an `outcome` message."""
    content: dict[str, object] = {
        "number": outcome.job.number,
        "status": outcome.status,
        "seconds": outcome.seconds,
        "cause": outcome.cause,
        "traceback": outcome.traceback,
    }
    if outcome.evaluation is not None:
        content["evaluation"] = {
            "reward": outcome.evaluation.reward,
            "metrics": dict(outcome.evaluation.metrics),
            "history": [dict(metrics) for metrics in outcome.evaluation.history],
            "saves": outcome.evaluation.save is not None,
        }
    return content


def read_outcome(message: Message, job: Job, save: Save) -> Outcome:
    """The outcome of an `outcome` message.

    Args:
      message: The message.
      job: The job that ended.
      save: Asks the worker to save the network that it trained.
    """
    measured = message.get("evaluation")
    evaluation = measured and Evaluation(
        measured["reward"],
        read_measures(measured["metrics"]),
        tuple(map(read_measures, measured["history"])),
        save if measured["saves"] else None,
    )
    return Outcome(
        job, message["status"], message["seconds"], evaluation, message["cause"], message["traceback"]
    )
