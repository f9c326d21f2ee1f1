"""Hides distributions that the reader of a page has not installed; found by Python through ``PYTHONPATH``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import importlib_metadata

HIDDEN = frozenset(os.environ.get("PAGE_HIDES", "").split())
find = importlib_metadata.MetadataPathFinder.find_distributions


@staticmethod
def find_visible(*context: Any) -> Iterable[Any]:
    return [found for found in find(*context) if found.name not in HIDDEN]


importlib_metadata.MetadataPathFinder.find_distributions = find_visible
