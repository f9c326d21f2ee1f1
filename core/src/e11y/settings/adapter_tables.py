"""The table of one adapter: keys of core, keys of its lane, keys of its type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from e11y.delivery.lane_settings import LaneSettings
from e11y.errors import ConfigError, E11yError
from e11y.settings.fields import keys_of
from e11y.settings.model import AdapterTable
from e11y.settings.origin import Place
from e11y.settings.structure import structure

if TYPE_CHECKING:
    from e11y.adapter import AdapterType

_CORE_KEYS = ("type", "originals")


def read_adapter(table: Mapping[str, Any], place: Place) -> AdapterTable:
    """Return the table of one adapter, with the keys of its type as they were written.

    Raises:
        ConfigError: The type is missing, or a setting of the lane does not fit.
    """
    lane_keys = keys_of(LaneSettings)
    lane = {key: value for key, value in table.items() if key in lane_keys}
    core = {key: value for key, value in table.items() if key in _CORE_KEYS}
    options = {key: value for key, value in table.items() if key not in lane and key not in core}
    try:
        lane_settings = structure(LaneSettings, lane, place)
    except ConfigError as error:
        in_lane: list[E11yError] = [error]
    else:
        return attrs.evolve(structure(AdapterTable, core, place), lane=lane_settings, options=options)
    try:
        structure(AdapterTable, core, place)
    except ConfigError as error:
        in_lane.insert(0, error)
    raise ConfigError.joined(in_lane)


def adapter_settings(kind: AdapterType, table: AdapterTable, place: Place) -> Any:
    """Return the settings that ``kind.make`` takes, made from the options of ``table``.

    Args:
        kind: What the plugin offers under the name ``table.type``.
        table: The table of one adapter.
        place: ``loaded.place("adapters.<purpose>", owner="e11y-loki 0.1.0")``.

    Raises:
        ConfigError: An option does not fit, or the settings class reads a key that belongs to core.
    """
    taken = {*keys_of(LaneSettings), *_CORE_KEYS}
    clashing = sorted(taken.intersection(keys_of(kind.settings)))
    if clashing:
        raise ConfigError(
            f"adapter type {kind.name!r} reads settings that core reads: {', '.join(map(repr, clashing))}",
            where=f"{kind.settings.__module__}.{kind.settings.__qualname__}",
            fix="rename these fields of the settings class",
        )
    return structure(kind.settings, table.options, place, beside=taken)
