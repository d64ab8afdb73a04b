"""The search over subjects: `find` and `Search` to ask, `fill` to keep it in step."""

from moderation.search.filling import fill, forget, mark_due
from moderation.search.finding import Found, Search, Wanted, find, loaded

__all__ = ["Found", "Search", "Wanted", "fill", "find", "forget", "loaded", "mark_due"]
