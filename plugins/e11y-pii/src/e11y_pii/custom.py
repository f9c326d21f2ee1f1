"""Patterns of the application's own, with the engine that runs them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, Final, Literal

from e11y import ConfigError
from e11y_pii.patterns import Span

Engine = Literal["auto", "re", "re2"]

WHERE = "[tool.e11y.pii.custom_patterns]"

LONGEST_TEXT: Final = 4096
"""Characters that the module ``re`` is shown at once: its time may grow with a power of the length, or worse."""


class Custom:
    """One pattern of the settings.

    Args:
        name: Its key.
        search, finditer: Of the compiled pattern.
        backtracks: The module ``re`` runs it: a text of more than ``LONGEST_TEXT`` characters counts as found whole.
    """

    def __init__(
        self,
        name: str,
        search: Callable[[str], Any],
        finditer: Callable[[str], Iterable[Any]],
        *,
        backtracks: bool = False,
    ) -> None:
        self.name = name
        self.backtracks = backtracks
        self._search = search
        self._finditer = finditer
        self._longest = LONGEST_TEXT if backtracks else sys.maxsize

    def is_in(self, text: str) -> bool:
        """Return whether the pattern matches somewhere."""
        return len(text) > self._longest or self._search(_encodable(text)) is not None

    def find(self, text: str) -> Iterator[Span]:
        """Yield what matches; a match without any character does not count."""
        if len(text) > self._longest:
            yield 0, len(text)
            return
        for found in self._finditer(_encodable(text)):
            start, end = found.span()
            if end > start:
                yield start, end


def compile_all(sources: Mapping[str, str], engine: Engine) -> list[Custom]:
    """Return the patterns of the settings.

    Raises:
        ConfigError: One does not compile, matches the empty text, or the engine is not installed.
    """
    re2 = _re2(engine) if sources and engine != "re" else None
    return [_compiled(name, source, engine, re2) for name, source in sources.items()]


def complaint(patterns: Iterable[Custom], engine: Engine) -> str:
    """Return a warning of the patterns that RE2 was to run and the module ``re`` runs, or an empty text."""
    named = ", ".join(repr(one.name) for one in patterns if one.backtracks)
    if not named or engine == "re":
        return ""
    return (
        f"custom pattern {named} runs on Python's module re, which some texts can occupy for ever while the whole "
        f"process waits, and counts as found in any text of more than {LONGEST_TEXT} characters: "
        "pip install 'e11y-pii[re2]' and write it without look-around and back-references, "
        'or say  engine = "re"  in [tool.e11y.pii] if you know that it is harmless'
    )


def _compiled(name: str, source: str, engine: Engine, re2: Any) -> Custom:
    try:
        plain = re.compile(source, re.ASCII)
    except re.error as error:
        raise ConfigError(
            f"custom pattern {name!r} does not compile: {error.msg}",
            where=f"{WHERE} {name}",
            fix="write a regular expression of Python's module re; in TOML quote it with ' '",
        ) from None
    if plain.search("") is not None:
        raise ConfigError(
            f"custom pattern {name!r} matches the empty text, so it would match everywhere",
            where=f"{WHERE} {name}",
            fix="make it need at least one character",
        )
    if re2 is not None:
        try:
            fast = re2.compile(source, _quiet(re2))
        except re2.error:
            if engine == "re2":
                raise ConfigError(
                    f"custom pattern {name!r} cannot be run by RE2",
                    where=f"{WHERE} {name}",
                    fix='write it without look-around and back-references, or set  engine = "auto"',
                ) from None
        else:
            return Custom(name, fast.search, fast.finditer)
    return Custom(name, plain.search, plain.finditer, backtracks=True)


def _re2(engine: Engine) -> Any:
    try:
        return import_module("re2")
    except ImportError:
        if engine == "auto":
            return None
        raise ConfigError(
            'engine = "re2" needs the package google-re2',
            where="[tool.e11y.pii] engine",
            fix="pip install 'e11y-pii[re2]'",
        ) from None


def _quiet(re2: Any) -> Any:
    options = re2.Options()
    options.log_errors = False
    return options


def _encodable(text: str) -> str:
    """Return ``text`` with lone surrogates replaced, character for character: RE2 reads UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
