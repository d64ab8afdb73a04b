"""A real worker on each broker that production may use: the embedded one, Redis and RabbitMQ.

Redis and RabbitMQ are used where they answer on their usual loopback ports; TEST_BROKERS names
others (a comma-separated list of URLs).
"""

import os
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest

from config.celery import app
from moderation import outbox
from moderation.models import OutboxEvent
from tests.servers import ROOT, database_url

app.loader.import_default_modules()

USUAL = "redis://127.0.0.1:6379/15,amqp://guest:guest@127.0.0.1:5672//"
PORTS = {"redis": 6379, "amqp": 5672}

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def answers(url):
    parts = urlsplit(url)
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((parts.hostname, parts.port or PORTS[parts.scheme])) == 0


@pytest.fixture(params=["embedded", *os.environ.get("TEST_BROKERS", USUAL).split(",")])
def broker(request):
    if request.param == "embedded":
        return request.getfixturevalue("redis_url")
    if not answers(request.param):
        pytest.skip(f"no broker answers at {request.param.rpartition('@')[2]}")
    return request.param


@pytest.fixture
def worker(broker):
    """Starts a worker process on the broker each time it is called; ends them all."""
    running = []

    def start():
        command = [
            sys.executable, "-m", "celery", "--app", "config", "worker", "--pool", "prefork",
            "--concurrency", "1", "--queues", "default", "--loglevel", "warning",
        ]  # fmt: skip
        environment = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "CELERY_BROKER_URL": broker,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        }
        running.append(subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True))
        return running[-1]

    yield start
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def send(broker, name):
    with app.connection_for_write(broker) as connection:
        app.tasks[name].apply_async(producer=connection.Producer(), queue="default")


def delivered_within(seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not OutboxEvent.objects.filter(delivered_at=None).exists():
            return True
        time.sleep(0.2)
    return False


def test_a_message_sent_while_no_worker_ran_is_worked_on_and_again_after_a_kill(broker, worker):
    outbox.enqueue("same_bytes", {"subjects": []})
    send(broker, "moderation.tasks.deliver_outbox")
    first = worker()
    assert delivered_within(60)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    outbox.enqueue("same_bytes", {"subjects": []})
    send(broker, "moderation.tasks.deliver_outbox")
    worker()
    assert delivered_within(60)
