"""Measurements behind docs/performance.md: each compares our code with the best plain alternative."""
