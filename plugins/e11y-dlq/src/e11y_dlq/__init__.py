"""Dead letters: what could not be delivered is kept, readable, and replayed to the adapter that failed."""

from e11y_dlq.dead_letters import DeadLetters, Stats
from e11y_dlq.folder import Busy
from e11y_dlq.letter import Letter
from e11y_dlq.plugin import DlqPlugin
from e11y_dlq.replay import ReplayReport
from e11y_dlq.segment import Unread
from e11y_dlq.selection import Selection
from e11y_dlq.settings import DlqSettings
from e11y_dlq.storage import Storage, StorageFailed

__all__ = [
    "Busy",
    "DeadLetters",
    "DlqPlugin",
    "DlqSettings",
    "Letter",
    "ReplayReport",
    "Selection",
    "Stats",
    "Storage",
    "StorageFailed",
    "Unread",
]
