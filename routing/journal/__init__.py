"""The journal: one writer per web process. Waiters of one moment share one transaction, one fsync.

Nothing is acknowledged that is not committed: `open` and `change` return after the commit that holds their rows.
"""

from routing.journal.entries import Change, Claim, NewMessage, Once
from routing.journal.writer import Journal

__all__ = ["Change", "Claim", "Journal", "NewMessage", "Once"]
