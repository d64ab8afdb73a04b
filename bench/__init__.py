"""Measurements behind docs/performance.md: our code against the best plain alternative."""
