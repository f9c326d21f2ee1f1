"""Limits on how many events pass: per event type, per user or address, and for all of them together."""

from e11y_ratelimit.option import RateLimit, rate_limit
from e11y_ratelimit.plugin import RateLimitPlugin
from e11y_ratelimit.settings import EventRule, KeyRule, RateLimitSettings, RedisSettings
from e11y_ratelimit.summary import RateLimitSummary, Suppression

__all__ = [
    "EventRule",
    "KeyRule",
    "RateLimit",
    "RateLimitPlugin",
    "RateLimitSettings",
    "RateLimitSummary",
    "RedisSettings",
    "Suppression",
    "rate_limit",
]
