"""What the application configures, read from files, the environment and code."""

from __future__ import annotations

from e11y.settings.adapter_tables import adapter_settings
from e11y.settings.describe import Row, describe
from e11y.settings.load import CORE_KEYS, RESERVED, Loaded, load
from e11y.settings.model import AdapterTable, Routes, ScopeSettings, Settings
from e11y.settings.origin import EnvText, Origin, Place
from e11y.settings.overlays import Overlay, load_overlay, overlay_names
from e11y.settings.structure import structure

__all__ = [
    "CORE_KEYS",
    "RESERVED",
    "AdapterTable",
    "EnvText",
    "Loaded",
    "Origin",
    "Overlay",
    "Place",
    "Routes",
    "Row",
    "ScopeSettings",
    "Settings",
    "adapter_settings",
    "describe",
    "load",
    "load_overlay",
    "overlay_names",
    "structure",
]
