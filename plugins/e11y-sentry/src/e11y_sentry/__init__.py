"""Error events as Sentry issues: with traceback, breadcrumbs, tags and trace."""

from e11y_sentry.option import SentryOption, sentry
from e11y_sentry.plugin import SentryPlugin, SentryPluginSettings
from e11y_sentry.settings import SentrySettings

__all__ = ["SentryOption", "SentryPlugin", "SentryPluginSettings", "SentrySettings", "sentry"]
