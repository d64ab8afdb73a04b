"""Typed clients of the vendors' APIs; they know HTTP and records, never models."""
