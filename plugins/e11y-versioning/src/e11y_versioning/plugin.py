"""The plugin: constants for the name and version of each event type, and a refusal where one is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from e11y import Annotate, ConfigError, Drop, Host, Sample, Schema, hookimpl
from e11y_versioning.deprecation import Deprecated

if TYPE_CHECKING:
    import click

DEPRECATED: Final = Drop("deprecated", dead_letter=True)
"""The answer to each event of a type that is refused."""


@attrs.frozen(eq=False)
class VersioningSettings:
    """Table ``[tool.e11y.versioning]``.

    Args:
        on_deprecated: What becomes of events whose type is deprecated. ``"warn"``: they are delivered, and each
            start warns once. ``"refuse"``: a process that starts after ``enforce_after`` drops them, or keeps them
            as dead letters where a plugin does that.
    """

    on_deprecated: Literal["warn", "refuse"] = "warn"


class VersioningPlugin:
    """Delivers all versions of an event under one name, with ``v`` for the second and later ones."""

    Settings = VersioningSettings

    def __init__(self, settings: VersioningSettings, host: Host) -> None:
        self.settings = settings
        self._host = host
        self._started = False
        self._owners: dict[tuple[str, int], str] = {}
        self._to_warn_of: dict[str, str] = {}

    @hookimpl
    def e11y_annotate(self, schema: Schema) -> Annotate | None:
        """Answer with constants only: the type's version never changes, so no event has to ask for it.

        Raises:
            ConfigError: Another type delivers the same name and version.
        """
        self._claim(schema)
        self._note(schema)
        name = schema.base_name if schema.base_name != schema.name else None
        constants = {"v": schema.version} if schema.version > 1 else {}
        if name is None and not constants:
            return None
        return Annotate(constants, name=name, doc=f"delivered as {schema.base_name}, version {schema.version}")

    @hookimpl(before=("ratelimit", "sampling"))
    def e11y_sample(self, schema: Schema) -> Sample | None:
        """Refuse a type whose last day has passed, where the settings ask for that; no other type has a step."""
        option = _deprecation(schema)
        if option is None or not self._refuses(option):
            return None
        return Sample(_refuse, needs=(), doc=f"refuses all: {option.words}")

    @hookimpl
    def e11y_started(self, host: Host) -> None:
        """Warn of the deprecated types that are known."""
        self._started = True
        for text in self._to_warn_of.values():
            host.logger.warning("%s", text)

    @hookimpl
    def e11y_commands(self, group: click.Group) -> None:
        """Add ``e11y versioning``."""
        from e11y_versioning.commands import make_group  # noqa: PLC0415 - only the command line needs it

        group.add_command(make_group(self._host, self.status))

    def status(self, schema: Schema) -> str:
        """Return ``current``, ``deprecated`` or ``refused``."""
        option = _deprecation(schema)
        if option is None:
            return "current"
        return "refused" if self._refuses(option) and not schema.audit else "deprecated"

    def _refuses(self, option: Deprecated) -> bool:
        return self.settings.on_deprecated == "refuse" and option.is_over(self._host.clock.time_ns())

    def _claim(self, schema: Schema) -> None:
        """Remember who delivers a name and version.

        Raises:
            ConfigError: Somebody else does.
        """
        owner = self._owners.setdefault((schema.base_name, schema.version), schema.qualified_name)
        if owner != schema.qualified_name:
            raise ConfigError(
                f"{owner} and {schema.qualified_name} both deliver version {schema.version} of {schema.base_name!r}",
                where=f"class {schema.qualified_name}",
                fix="give one of them another version=... or name=...",
            )

    def _note(self, schema: Schema) -> None:
        """Warn of a deprecated type: at the start, or now when the type appeared later."""
        option = _deprecation(schema)
        if option is None or schema.qualified_name in self._to_warn_of:
            return
        what = f"version {schema.version} of {schema.base_name!r} ({schema.qualified_name})"
        status = self.status(schema)
        verb = "is refused" if status == "refused" else "is still known"
        self._to_warn_of[schema.qualified_name] = text = f"{what} {verb}: {option.words}"
        if self._started:
            self._host.logger.warning("%s", text)


def _deprecation(schema: Schema) -> Deprecated | None:
    option: Any = schema.option(Deprecated)
    return option if isinstance(option, Deprecated) else None


def _refuse() -> Drop:
    return DEPRECATED
