"""Celery as it is set up: beat sends what exists, and no message is the only record of work."""

import logging

import pytest
from celery import shared_task

from config.celery import REDELIVERY_SECONDS, app

app.loader.import_default_modules()


@shared_task(name="tests.note")
def note(text: str) -> None:
    """Does nothing; only its sending matters here."""


@pytest.fixture
def dead_broker():
    """Every connection is refused at once."""
    before = app.conf.broker_url
    app.conf.update(broker_url="redis://:hunter2@127.0.0.1:9/0")
    app.set_current()
    pools, app._pool = app._pool, None
    app.amqp._producer_pool = None
    yield
    app.conf.update(broker_url=before)
    app._pool = pools
    app.amqp._producer_pool = None


@pytest.mark.parametrize("entry", sorted(app.conf.beat_schedule))
def test_everything_that_beat_sends_is_a_task_and_expires_before_it_piles_up(entry):
    plan = app.conf.beat_schedule[entry]
    assert plan["task"] in app.tasks
    assert plan["options"]["expires"] <= plan["schedule"]


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("upstream.tasks.run_sync", "sync"),
        ("media.tasks.mirror_due", "mirror"),
        ("moderation.tasks.deliver_outbox", "default"),
    ],
)
def test_long_work_has_queues_of_its_own(task, queue):
    assert task in app.tasks
    assert app.amqp.router.route({}, task)["queue"].name == queue


def test_a_message_goes_to_one_queue_only():
    bindings = [(queue.exchange.name, queue.routing_key) for queue in app.conf.task_queues]
    assert len(set(bindings)) == len(bindings)


def test_a_message_comes_back_when_its_worker_dies_and_not_before():
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.broker_transport_options["visibility_timeout"] == REDELIVERY_SECONDS
    assert app.conf.broker_transport_options["unacked_restore_throttle"] == 1


def test_an_unreachable_broker_fails_nobody_and_logs_no_argument(dead_broker, caplog):
    with caplog.at_level(logging.WARNING, logger="config.celery"):
        assert note.delay("a private text") is None
    assert "tests.note waits for beat" in caplog.text
    assert "private" not in caplog.text
    assert "hunter2" not in caplog.text


def test_arguments_do_not_travel_in_what_workers_log(redis_url):
    with app.connection_for_write(redis_url) as connection:
        producer = connection.Producer()
        result = note.apply_async(args=["a private text"], producer=producer, queue="tests")
        assert result is not None
        with connection.SimpleQueue("tests") as queue:
            message = queue.get(timeout=5)
            message.ack()
    assert message.headers["id"] == result.id
    assert "private" not in message.headers["argsrepr"]
