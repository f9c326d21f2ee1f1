"""Characters that would move a terminal, turn text around or end a line are shown as escapes.

A payload value is whatever a stranger sent. Shown raw it could forge a second line, hide what follows
(bidirectional overrides, CVE-2021-42574 "Trojan Source") or drive the terminal (ECMA-48 control
functions, also in their one-character form U+0080 to U+009F).
"""

from __future__ import annotations

import re

_BEYOND_ASCII = "\u0080-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
_IN_TEXT = re.compile(f"[\x00-\x1f\x7f{_BEYOND_ASCII}\ud800-\udfff]")
_IN_JSON = re.compile(f"[\x7f{_BEYOND_ASCII}]")

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape_text(text: str) -> str:
    r"""Return ``text`` fit for a terminal, on one line.

    >>> escape_text("a\nb\x1b[2J")
    'a\\nb\\x1b[2J'
    """
    return text if text.isascii() and text.isprintable() else _IN_TEXT.sub(_for_text, text)


def escape_json(line: bytes) -> bytes:
    r"""Return a JSON text that means the same, and that every reader takes for one line.

    RFC 8259, 7 escapes only U+0000 to U+001F; U+0085, U+2028 and U+2029 end a line for many readers.
    Those characters stand in strings only, so each can be written as its ``\u`` escape.
    """
    if line.isascii() and b"\x7f" not in line:
        return line
    return _IN_JSON.sub(_for_json, line.decode("utf-8")).encode("utf-8")


def _for_text(found: re.Match[str]) -> str:
    character = found.group()
    code = ord(character)
    return _SHORT.get(character) or (f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}")


def _for_json(found: re.Match[str]) -> str:
    return f"\\u{ord(found.group()):04x}"
