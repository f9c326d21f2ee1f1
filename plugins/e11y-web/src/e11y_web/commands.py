"""The commands ``e11y web``."""

from __future__ import annotations

import math

import click

from e11y import ConfigError
from e11y.clock import Clock
from e11y.units import DURATION_FORMS, seconds
from e11y_web.debug_header import sign
from e11y_web.settings import WebSettings


def duration(text: str) -> float:
    """Return the seconds that ``10m`` and its like stand for.

    Raises:
        click.BadParameter: The text is no duration.
    """
    try:
        return seconds(text)
    except ValueError:
        raise click.BadParameter(f"must be {DURATION_FORMS}") from None


def make_group(settings: WebSettings, clock: Clock) -> click.Group:
    """Return the group ``web``.

    Args:
        settings: Of the service.
        clock: Says when a header expires.
    """
    group = click.Group("web", help="Help with requests of the service.")

    @group.command("debug-header")
    @click.option("--for", "lasting_s", type=duration, default="10m", show_default=True, help="How long it holds.")
    def debug_header(*, lasting_s: float) -> None:
        """Print a header that keeps the debug trail of each request it is sent with.

        For example:  curl -H "$(e11y web debug-header)" https://shop.example.com/orders
        """
        if not settings.debug_key:
            raise ConfigError(
                "no key is set to sign the header with",
                where="[tool.e11y.web] debug_key",
                fix='set  debug_key = "${E11Y_DEBUG_KEY}"  and the variable to what  openssl rand -hex 32  prints',
            )
        expires_s = math.ceil(clock.time_ns() / 1e9 + lasting_s)
        click.echo(f"{settings.debug_header}: {sign(settings.debug_key, expires_s)}")

    return group
