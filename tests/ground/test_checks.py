"""What a misconfigured installation is told, and that a right one is told nothing."""

import subprocess
import sys

import pytest
from django.core.checks import run_checks

from tests.ground.processes import ROOT, clean_environment
from tests.ground.test_commandline import FERNET_KEY

PRODUCTION = {
    "DATABASE_URL": "postgresql://gatehouse:word@db.example.org/gatehouse",
    "CELERY_BROKER_URL": "rediss://:word@broker.example.org/0",
    "SECRET_KEY": "kq3v9-" * 10,
    "ENCRYPTION_KEYS": FERNET_KEY,
    "PUBLIC_URL": "https://gate.example.org",
    "TRUSTED_PROXIES": "10.0.0.0/8",
}


def test_check_deploy_is_clean_behind_a_tls_proxy(tmp_path):
    environment = clean_environment(**PRODUCTION, GATEHOUSE_HOME=str(tmp_path))
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("setting", "value", "found"),
    [
        ("ENCRYPTION_KEYS", ["short"], "core.E001"),
        ("PUBLIC_URL", "gate.example.org", "core.E002"),
        ("PUBLIC_URL", "https://gate.example.org/console", "core.E002"),
        ("ALLOWED_HOSTS", ["other.example.org"], "core.E003"),
        ("TRUSTED_PROXIES", ["10.0.0.0/99"], "core.E004"),
        ("CELERY_BROKER_URL", "filesystem://", "core.E006"),
        ("GATEHOUSE_HOME", "/proc/1/gatehouse", "core.E007"),
        ("GENERATION_WAITERS", 256, "core.W012"),
        ("CELERY_BROKER_URL", "", "core.E008"),
        ("MEDIA_ALLOW_PRIVATE_NETWORKS", True, "core.W010"),
    ],
)
def test_each_mistake_has_an_id_and_a_hint(settings, setting, value, found):
    settings.EMBEDDED = False
    setattr(settings, setting, value)
    messages = {message.id: message for message in run_checks(include_deployment_checks=True)}
    assert found in messages
    assert messages[found].hint


def test_https_without_a_trusted_proxy_and_plain_http_are_warned_about(settings):
    settings.PUBLIC_URL, settings.HTTPS, settings.TRUSTED_PROXIES = "https://127.0.0.1", True, []
    assert "core.W005" in {message.id for message in run_checks()}
    settings.PUBLIC_URL, settings.HTTPS = "http://gate.example.org", False
    settings.ALLOWED_HOSTS = [".example.org"]
    found = {message.id for message in run_checks(include_deployment_checks=True)}
    assert "core.W009" in found
    assert "core.E003" not in found


@pytest.mark.django_db
def test_the_database_is_checked_when_it_is_asked_for():
    assert not [
        message for message in run_checks(databases=["default"]) if message.id == "core.E011"
    ]
