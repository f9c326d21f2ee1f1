"""Writes the pages of ``docs/reference`` that come from the code, and the table of packages in the README.

python tools/reference.py            write them
python tools/reference.py --check    fail when one of them is stale
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from e11y import hookspecs, units
from e11y.adapters import CORE_PLUGINS
from e11y.delivery.lane_settings import LaneSettings
from e11y.delivery.ledger import LaneSnapshot, LedgerSnapshot
from e11y.outcome import Outcome
from e11y.settings.fields import keys_of
from e11y.settings.model import AdapterTable, Routes, ScopeSettings, Settings
from e11y.settings.secrecy import holds_secret
from e11y.settings.words import words_for

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"
PACKAGES = re.compile(r"(?<=<!-- packages -->\n).*?(?=<!-- end of packages -->)", re.DOTALL)
NOTE = "<!-- Written by tools/reference.py from the code. Change the docstrings and run it again. -->"


def hooks_page() -> Iterator[str]:
    """Yield the lines of ``hooks.md``."""
    hooks = {name: hook for name, hook in vars(hookspecs).items() if hasattr(hook, "e11y_spec")}
    yield from _head("Hooks")
    yield (
        "A plugin is a class whose instances implement some of these functions, marked with `@hookimpl`. They stand in "
        "the order of an event's life. A pipeline hook belongs to a zone and is asked once per event type, at start; "
        "the other hooks tell a fact. The source is `e11y/hookspecs.py`, which also holds a complete plugin."
    )
    yield ""
    yield f"The version of this interface is `e11y.HOOK_API = {hookspecs.HOOK_API}`."
    yield ""
    yield from _table(("hook", "zone", ""), [_hook_row(name, hook) for name, hook in hooks.items()])
    for name, hook in hooks.items():
        yield from _hook(name, hook)


def _hook_row(name: str, hook: Callable[..., object]) -> tuple[str, str, str]:
    zone = hookspecs.ZONES.get(name)
    return f"[`{name}`](#{name})", str(zone or "fact"), _marked(_docstring(hook).partition("\n")[0])


def _hook(name: str, hook: Callable[..., object]) -> Iterator[str]:
    summary, sections = _sections(_docstring(hook))
    signature = inspect.signature(hook)
    yield from ("", f"## {name}", "", "```")
    yield f"{name}{signature}".replace("'", "")
    yield from ("```", "", summary, "")
    zone = hookspecs.ZONES.get(name)
    if zone is not None:
        yield f"- **Zone:** {zone}; a step of it {zone.rights}"
    for heading, text in sections.items():
        if heading != "Args":
            yield f"- **{heading}:** {_marked(text)}"
        elif signature.parameters:
            yield f"- **{heading}:**"
            yield from (f"  - `{argument}`: {_marked(words)}" for argument, words in _entries(text).items())
        else:
            yield f"- **{heading}:** none."


def settings_page() -> Iterator[str]:
    """Yield the lines of ``settings.md``."""
    yield from _head("Settings")
    yield (
        "Read from `[tool.e11y]` of the nearest `pyproject.toml`, or from `e11y.toml`, or from the file that "
        "`E11Y_CONFIG` names; in the last two the tables have no `tool.e11y` in front. Environment variables come "
        "next (`E11Y_SERVICE`, `E11Y_ADAPTERS__LOGS__TYPE`), then what `e11y.configure()` was given; later sources "
        "win. `[tool.e11y.env.<environment>]` lies over the rest of the file. `${NAME}` reads an environment variable."
    )
    yield ""
    yield "Durations and sizes are text with a unit:"
    yield ""
    yield f"- a duration is {units.DURATION_FORMS}"
    yield f"- a size is {units.SIZE_FORMS}"
    yield from _settings_table("[tool.e11y]", Settings)
    yield from _settings_table("[tool.e11y.routes]", Routes)
    yield from _settings_table("[tool.e11y.scope]", ScopeSettings)
    yield from _settings_table("[tool.e11y.adapters.&lt;purpose&gt;]", AdapterTable, LaneSettings)
    for plugin in CORE_PLUGINS:
        kind = plugin().e11y_export()
        yield from _settings_table(f"Adapter type `{kind.name}`", kind.settings)


def _settings_table(title: str, *classes: type[Any]) -> Iterator[str]:
    yield from ("", f"## {title}", "", _paragraphs(classes[0]), "")
    rows = [row for cls in classes for row in _settings_rows(cls)]
    if rows:
        yield from _table(("key", "value", "default", ""), rows)


def _settings_rows(cls: type[Any]) -> Iterator[tuple[str, str, str, str]]:
    attrs.resolve_types(cls)
    told = _entries(_sections(_docstring(cls))[1].get("Args", ""))
    for key, attribute in keys_of(cls).items():
        if attribute.name in _NOT_WRITTEN.get(cls, ()):
            continue
        unit = units.unit_of(attribute)
        value = f"a {unit}" if unit else words_for(attribute.type)
        words = next((text for names, text in told.items() if attribute.name in names.split(", ")), "")
        yield f"`{key}`", value, _default(attribute), _marked(words)


_NOT_WRITTEN: Mapping[type[Any], Iterable[str]] = {Settings: ("plugin_tables",), AdapterTable: ("lane", "options")}
"""Fields that gather other tables, and are no keys of their own."""


def _default(attribute: attrs.Attribute[Any]) -> str:
    default: Any = attribute.default
    if default is attrs.NOTHING:
        return "required"
    if default is None or isinstance(default, attrs.Factory) or default in ("", ()):  # type: ignore[arg-type]
        return "unset"
    if holds_secret(attribute):
        return "hidden"
    unit = units.unit_of(attribute)
    if unit:
        default = units.seconds_text(default) if unit == "duration" else units.size_text(default)
    return f"`{str(default).lower()}`" if isinstance(default, bool | int | float) else f'`"{default}"`'


def ledger_page() -> Iterator[str]:
    """Yield the lines of ``ledger.md``."""
    yield from _head("Ledger and outcomes")
    yield (
        "`e11y.ledger().snapshot()` returns one reading; `e11y.ledger().check()` waits until nothing moves and raises "
        "`LedgerError` if an equation is off. [What the two equations mean](../explanation/ledger-equations.md)."
    )
    yield from ("", "## Events", "", "`tracked` equals the sum of the rest, down to `routed`.", "")
    yield from _table(("field", ""), _field_rows(LedgerSnapshot))
    yield from ("", "## Each lane", "", "`routed + replayed` equals the sum of the rest, down to `in_lane`.", "")
    yield from _table(("field", ""), _field_rows(LaneSnapshot))
    yield from ("", "## Outcomes of track()", "", _paragraphs(Outcome), "")
    told = _member_docstrings(Outcome)
    yield from _table(
        ("outcome", "true", ""),
        [(f"`{one.name}`", "yes" if one else "no", _marked(told.get(one.name, ""))) for one in Outcome],
    )


def _field_rows(cls: type[Any]) -> list[tuple[str, str]]:
    told = _entries(_sections(_docstring(cls))[1]["Args"])
    return [(f"`{attribute.name}`", _marked(told[attribute.name])) for attribute in attrs.fields(cls)]


def _member_docstrings(cls: type[Any]) -> dict[str, str]:
    """Return the texts that stand below the members of a class."""
    found = re.findall(r'^    ([A-Z_]+) = "\w+"\n    """(.*?)"""', inspect.getsource(cls), re.MULTILINE | re.DOTALL)
    return {name: " ".join(text.split()) for name, text in found}


def _head(title: str) -> Iterator[str]:
    yield from (NOTE, "", f"# {title}", "")


def _table(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(titles)} |".replace("|  |", "| |")
    yield "|" + "---|" * len(titles)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def _docstring(thing: object) -> str:
    return inspect.getdoc(thing) or ""


def _paragraphs(cls: type[Any]) -> str:
    return _marked(_sections(_docstring(cls))[0])


def _sections(text: str) -> tuple[str, dict[str, str]]:
    """Return what stands before the first heading of a docstring, and heading -> text with its indentation."""
    parts = re.split(r"^([A-Z][a-z]+):[ \n]", text, flags=re.MULTILINE)
    return parts[0].strip(), dict(zip(parts[1::2], parts[2::2], strict=True))


def _entries(text: str) -> dict[str, str]:
    """Return name -> text of an ``Args`` section; names that share a text stand together as written."""
    parts = re.split(r"^ {4}(\w[\w, ]*): ", text, flags=re.MULTILINE)
    return {name: " ".join(words.split()) for name, words in zip(parts[1::2], parts[2::2], strict=True)}


def _marked(text: str) -> str:
    """Return the text of a docstring as Markdown on one line."""
    text = re.sub(r":\w+:`~?([\w.]+)`", r"`\1`", " ".join(text.split())).replace("``", "`")
    return re.sub(r"(?<!`)<(\w+)>(?!`)", r"&lt;\1&gt;", text) if "`" not in text else text


PAGES: Mapping[str, Callable[[], Iterator[str]]] = {
    "hooks.md": hooks_page,
    "ledger.md": ledger_page,
    "settings.md": settings_page,
}


def packages_table() -> Iterator[str]:
    """Yield the table of all distributions, from their own files."""
    folders = [Path("core"), *sorted(found.relative_to(ROOT) for found in ROOT.glob("plugins/e11y-*"))]
    rows = []
    for folder in folders:
        project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text("utf-8"))["project"]
        (module,) = (found.name for found in (ROOT / folder / "src").iterdir() if (found / "__init__.py").is_file())
        rows.append((f"[`{project['name']}`]({folder.as_posix()})", f"`{module}`", project["description"]))
    yield from _table(("distribution", "import", ""), rows)


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` compare them; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, fail when a page is stale")
    check = parser.parse_args(arguments).check
    stale = []
    for name, lines in PAGES.items():
        text = "\n".join(lines()) + "\n"
        file = FOLDER / name
        if file.is_file() and file.read_text("utf-8") == text:
            continue
        stale.append(name)
        if not check:
            file.write_text(text, "utf-8")
    readme = ROOT / "README.md"
    before = readme.read_text("utf-8")
    after = PACKAGES.sub(lambda _: "\n".join(packages_table()) + "\n", before)
    if after != before:
        stale.append(readme.name)
        if not check:
            readme.write_text(after, "utf-8")
    if stale:
        print(f"{'stale' if check else 'written'}: {', '.join(stale)}")
    if stale and check:
        print("fix:   python tools/reference.py")
    return 1 if stale and check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
