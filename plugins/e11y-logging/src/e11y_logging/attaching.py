"""One call that makes events of everything that is logged, and the one that takes it back."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from e11y_logging.handler import E11yHandler


def attach(level: int | str = logging.DEBUG) -> E11yHandler:
    """Put a handler on the root logger and let records from ``level`` on reach it.

    Call it when logging is configured: ``logging.basicConfig`` does nothing once the root logger has a handler.
    Handlers that are there go on to get what they got before, and no more: where only the level of the root logger
    held records back, they are still held back from them. If there is none at all, Python's own of last resort goes
    on to print warnings. Handlers that are added later get what their own level says. A second call changes nothing.

    Args:
        level: Of the handler, and of the root logger unless that is lower. ``DEBUG`` is for scopes: their debug
            records wait for a failure, and outside of scopes ``level_outside_scopes`` counts.

    Returns:
        The handler; :func:`detach` takes it.

    Raises:
        ValueError: There is no level of that name.
    """
    root = logging.getLogger()
    for present in root.handlers:
        if isinstance(present, E11yHandler):
            return present
    handler = E11yHandler(level)
    if not root.handlers and logging.lastResort is not None:
        logging.lastResort.addFilter(_OnlyIfNobodyElse())
        root.addHandler(logging.lastResort)
    if handler.level < root.level:
        for other in _handlers(root):
            other.addFilter(_AsBefore(root.level))
        handler.level_before = root.level
        root.setLevel(handler.level)
    root.addHandler(handler)
    return handler


def detach(handler: E11yHandler) -> None:
    """Take back what :func:`attach` did; a handler that is attached no longer is no error."""
    root = logging.getLogger()
    if handler not in root.handlers:
        return
    root.removeHandler(handler)
    if handler.level_before is not None:
        root.setLevel(handler.level_before)
    for other in _handlers(root):
        for found in list(other.filters):
            if isinstance(found, _AsBefore):
                other.removeFilter(found)
            elif isinstance(found, _OnlyIfNobodyElse):
                other.removeFilter(found)
                root.removeHandler(other)


class _AsBefore(logging.Filter):
    """Holds back what only the former level of the root logger held back.

    Args:
        level: That level.
    """

    def __init__(self, level: int) -> None:
        super().__init__()
        self.level = level

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= self.level or any(logger.level for logger in _up_to_root(record.name))


class _OnlyIfNobodyElse(logging.Filter):
    """Lets through what no handler below the root logger gets, as Python's handler of last resort does."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not any(logger.handlers for logger in _up_to_root(record.name))


def _up_to_root(name: str) -> Iterator[logging.Logger]:
    """Yield the logger of a name and those above it, without the root logger."""
    logger = logging.root.manager.loggerDict.get(name)
    while isinstance(logger, logging.Logger) and logger is not logging.root:
        yield logger
        if logger.parent is None:
            return
        logger = logger.parent


def _handlers(root: logging.Logger) -> list[logging.Handler]:
    """Return the handlers of all loggers."""
    loggers = [found for found in root.manager.loggerDict.values() if isinstance(found, logging.Logger)]
    return list(dict.fromkeys(handler for logger in (root, *loggers) for handler in logger.handlers))
