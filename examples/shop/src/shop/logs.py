"""Where log records of the shop go: warnings to standard error, as ever, and all of them to e11y."""

from __future__ import annotations

import logging.config
from typing import Any

CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {
        "e11y": {"class": "e11y_logging.E11yHandler"},
        "stderr": {"class": "logging.StreamHandler", "level": "WARNING"},
    },
    "loggers": {"shop": {"level": "DEBUG", "handlers": ["e11y"]}},
    "root": {"handlers": ["stderr"]},
}


def configure() -> None:
    """Set up logging, as a server does before it serves."""
    logging.config.dictConfig(CONFIG)
