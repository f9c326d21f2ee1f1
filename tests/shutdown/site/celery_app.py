"""A Celery application that asks itself for all events, some per task, through the broker, once its worker is ready."""

from __future__ import annotations

from typing import Any

from celery import Celery
from celery.signals import worker_ready
from recorder import tick

import e11y_celery

app = Celery("celery_app")
app.conf.worker_redirect_stdouts = False
e11y_celery.connect()
tick_later = app.task(name="tick")(tick)


@worker_ready.connect
def publish(sender: Any, **facts: Any) -> None:
    for first in range(0, 100, 10):
        tick_later.delay(first, 10)
