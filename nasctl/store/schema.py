"""The schema of `trials.sqlite`, as scripts that upgrade it from version to version."""

from __future__ import annotations

MIGRATIONS = (
    """
    CREATE TABLE trials (
        number INTEGER PRIMARY KEY,
        tokens TEXT NOT NULL,
        status TEXT NOT NULL,
        reward REAL,
        metrics TEXT NOT NULL,
        architecture_hash TEXT NOT NULL,
        seed INTEGER NOT NULL,
        seconds REAL NOT NULL,
        reused INTEGER REFERENCES trials (number),
        rejected INTEGER NOT NULL,
        cause TEXT NOT NULL,
        traceback TEXT NOT NULL,
        recorded TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ'))
    ) STRICT;
    CREATE INDEX trials_by_architecture ON trials (architecture_hash, number);
    CREATE TABLE updates (
        trials_seen INTEGER PRIMARY KEY,
        metrics TEXT NOT NULL
    ) STRICT;
    """,
    """
    ALTER TABLE trials ADD COLUMN history TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE trials ADD COLUMN arrival INTEGER;
    UPDATE trials SET arrival = number;
    CREATE INDEX trials_by_arrival ON trials (arrival);
    CREATE TABLE open_trials (
        number INTEGER PRIMARY KEY,
        tokens TEXT NOT NULL,
        rejected INTEGER NOT NULL,
        started TEXT,
        last_epoch TEXT NOT NULL DEFAULT '{}'
    ) STRICT;
    CREATE TABLE sessions (
        number INTEGER PRIMARY KEY,
        process INTEGER NOT NULL,
        host TEXT NOT NULL,
        workers INTEGER NOT NULL,
        started TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ')),
        ended TEXT,
        stopped TEXT NOT NULL DEFAULT ''
    ) STRICT;
    """,
    """
    CREATE INDEX trials_by_reward ON trials (status, reward DESC, number);
    """,
    """
    ALTER TABLE open_trials ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
    """,
)
"""Scripts that upgrade the schema from each version (`PRAGMA user_version`) to the next."""
