"""The command line: what is installed, configured, declared and compiled, for people and with ``--json``.

Nothing is started: no event is recorded and no plugin is told of a start. Exit status 0: well; 1: a
problem, told on stderr in three parts; 2: a command that does not exist or was given wrong arguments.
"""

from __future__ import annotations

from e11y.cli.root import main

__all__ = ["main"]
