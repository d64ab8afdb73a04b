"""Generating pictures for signed calls: the stored request, the worker, the backends."""
