"""Template tags that any app's lists use."""
