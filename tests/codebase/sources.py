"""Where the project's own source files are."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = (
    "accounts", "assets", "characters", "config", "core", "gallery", "media", "moderation",
    "upstream",
)  # fmt: skip


def python_files(*folders: str) -> Iterator[Path]:
    """Every .py file below, migrations excepted."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path
