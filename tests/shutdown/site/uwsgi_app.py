"""The WSGI application where uWSGI does not end the interpreter: it calls a function of its own instead."""

from __future__ import annotations

import uwsgi  # uWSGI's own module, in its processes alone
from wsgi_app import app

import e11y

__all__ = ["app"]

uwsgi.atexit = e11y.shutdown
