"""Versioning: all versions of an event under one name, old ones retired by date."""

from e11y_versioning.deprecation import Deprecated, deprecated
from e11y_versioning.lookup import latest, versions
from e11y_versioning.plugin import VersioningPlugin, VersioningSettings

__all__ = ["Deprecated", "VersioningPlugin", "VersioningSettings", "deprecated", "latest", "versions"]
