"""When `manage.py` starts the embedded servers, and when it leaves that to the environment."""

import os
import subprocess
import sys

import pytest

from core.launcher.commandline import needs_database, prepare
from tests.ground.processes import ROOT, clean_environment

FERNET_KEY = "A" * 43 + "="


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        ("", False),
        ("help", False),
        ("help migrate", False),
        ("migrate --help", False),
        ("makemigrations --check", False),
        ("makemessages -l zh_Hans", False),
        ("sandbox --port 9000", False),
        ("check --deploy", False),
        ("check --database default", True),
        ("migrate", True),
        ("sync demo-gallery", True),
        ("up", True),
    ],
)
def test_only_commands_that_touch_the_database_start_it(arguments, needed):
    assert needs_database(["manage.py", *arguments.split()]) is needed


def test_with_a_database_url_nothing_is_started_or_generated(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://someone@elsewhere/db")
    monkeypatch.delenv("SECRET_KEY", raising=False)
    assert prepare(["manage.py", "migrate"]) is None
    assert "SECRET_KEY" not in os.environ


@pytest.mark.parametrize("missing", ["SECRET_KEY", "ENCRYPTION_KEYS"])
def test_in_production_a_missing_secret_stops_the_start_with_one_sentence(missing):
    given = {"SECRET_KEY": "x" * 50, "ENCRYPTION_KEYS": FERNET_KEY}
    del given[missing]
    environment = clean_environment(DATABASE_URL="postgresql://a:b@127.0.0.1:9/c", **given)
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(f"gatehouse: {missing} is not set")
    assert "Traceback" not in done.stderr


def test_an_unreachable_database_is_said_without_a_traceback():
    environment = clean_environment(
        DATABASE_URL="postgresql://a:b@127.0.0.1:9/c",
        SECRET_KEY="x" * 50,
        ENCRYPTION_KEYS=FERNET_KEY,
    )
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "database is not usable" in done.stderr
    assert "Traceback" not in done.stderr
