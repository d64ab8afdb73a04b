"""The advisory locks of the engine: one list, so that no two of them share a number."""

from enum import IntEnum


class Lock(IntEnum):
    """PostgreSQL's numbers are one space for the whole database; upstream's leases hash theirs."""

    SEALER = 7_305_112_001
    TALLY = 7_305_112_002
    # One edit of the word list after the other.
    WORD_LIST = 7_305_112_003
    # One filler of the search at a time.
    SEARCH = 7_305_112_004
    # Arrivals share it while they look at the banks; a scan takes it alone for a moment.
    BANKS = 7_305_112_005
