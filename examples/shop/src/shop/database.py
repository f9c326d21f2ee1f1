"""The shop's database: SQLite, shared by the worker threads of the server."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_SCHEMA = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, plan TEXT NOT NULL);
CREATE TABLE products (
    sku TEXT PRIMARY KEY, price TEXT NOT NULL, available INTEGER NOT NULL, recounting INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY, user_id TEXT NOT NULL, total TEXT NOT NULL, paid INTEGER NOT NULL DEFAULT 0
);
INSERT INTO users (email, plan) VALUES
    ('ada@example.org', 'plus'), ('bob@bounce.example', 'free'), ('cy@gone.example', 'free');
INSERT INTO products (sku, price, available, recounting) VALUES
    ('mug', '9.90', 1000000, 0),
    ('lamp', '49.00', 1000000, 0),
    ('poster', '15.50', 0, 0),
    ('clock', '32.00', 1000000, 1),
    ('vase', 'on request', 1000000, 0);
"""
"""What the shop opens with.

One mailbox bounces, one has no mail server. One product is sold out, one is being counted, one has no price.
"""


class Database:
    """One connection to SQLite, used by one thread at a time.

    Args:
        path: A file, or ``:memory:`` for data that ends with the process.
    """

    def __init__(self, path: str = ":memory:") -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._connection.executescript(_SCHEMA)
        self._lock = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection; what was written is kept unless the body raises."""
        with self._lock, self._connection:
            yield self._connection

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
