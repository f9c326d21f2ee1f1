"""What a configuration file of gunicorn needs where workers are gevent's."""

from __future__ import annotations

from typing import Any

import e11y


def worker_exit(server: Any, worker: Any) -> None:
    e11y.shutdown()
