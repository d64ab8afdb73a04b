"""Covers: generated for a character that is still to be made, kept by it or deleted."""

from characters.covers.taking import CoverUnavailable, take_cover

__all__ = ["CoverUnavailable", "take_cover"]
