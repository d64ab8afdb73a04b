"""What probes and monitoring are told."""

import pytest
from django.db import connection

from accounts.keys import issue_key
from accounts.services import create_user
from config.celery import app

pytestmark = pytest.mark.django_db


@pytest.fixture
def broker():
    """Points Celery at a broker URL for one test."""
    before = app.conf.broker_url

    def use(url: str) -> None:
        app.conf.update(broker_url=url)

    yield use
    use(before)


def test_alive_asks_nobody(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.django_db(transaction=True)
def test_ready_when_database_migrations_and_broker_are(client, broker, redis_url):
    broker(redis_url)
    response = client.get("/readyz")
    assert response.json() == {
        "status": "ready",
        "checks": {"database": "ok", "migrations": "ok", "broker": "ok"},
    }
    assert response.status_code == 200


@pytest.mark.django_db(transaction=True)
def test_unready_names_what_is_missing_and_no_secret(client, broker):
    broker("redis://:hunter2@127.0.0.1:9/0")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'core' RETURNING name, applied")
        rows = cursor.fetchall()
    try:
        response = client.get("/readyz")
    finally:
        with connection.cursor() as cursor:
            for name, applied in rows:
                cursor.execute(
                    "INSERT INTO django_migrations (app, name, applied) VALUES ('core', %s, %s)",
                    [name, applied],
                )
    assert response.status_code == 503
    checks = response.json()["checks"]
    assert checks["database"] == "ok"
    assert checks["migrations"] == f"{len(rows)} missing; run manage.py migrate"
    assert checks["broker"].startswith("unreachable")
    assert b"hunter2" not in response.content


def test_metrics_count_work_and_requests(client):
    client.get("/healthz")
    text = client.get("/metrics").content.decode()
    assert 'gatehouse_queue_cases{queue="images",state="open"} 0.0' in text
    assert 'gatehouse_subjects{status="pending",type="gallery.imagelog"} 0.0' in text
    assert 'view="alive"' in text
    assert "gatehouse_outbox_waiting 0.0" in text


@pytest.mark.parametrize(("role", "status"), [("operator", 200), ("viewer", 403), (None, 401)])
def test_from_elsewhere_metrics_want_an_operators_key(client, role, status):
    headers = {}
    if role is not None:
        user = create_user(name="alice", role=role)
        issued = issue_key(user=user, scopes=["moderation"])
        headers["Authorization"] = f"Bearer {issued.plain}"
    response = client.get("/metrics", headers=headers, REMOTE_ADDR="203.0.113.9")
    assert response.status_code == status
