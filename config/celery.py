"""The Celery application: queues, what a lost worker or broker means, and what beat sends when.

Whatever a task has to do is readable from the database. Messages are hints that make it happen
soon; a lost one is sent again by beat, a doubled one finds nothing left to do.
"""

import logging
import os
from typing import Any

# Before numpy loads: BLAS threads of several workers would fight over the same cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from celery import Celery
from celery.contrib.django.task import DjangoTask
from django.conf import settings
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# Longer than the longest task (a first full sync): an unacknowledged message is delivered again
# after this time, and the task would run twice.
REDELIVERY_SECONDS = 12 * 3600


class HintTask(DjangoTask[..., Any]):
    """A task whose message may be lost: an unreachable broker never fails what sends it."""

    def apply_async(self, *args: Any, **options: Any) -> Any:
        # Arguments are ids, and even those have no place in the worker's log and event stream.
        options.setdefault("argsrepr", "(…)")
        options.setdefault("kwargsrepr", "{…}")
        try:
            return super().apply_async(*args, **options)
        except OperationalError as error:
            reason = type(error.__cause__ or error).__name__
            logger.warning("%s waits for beat: broker unreachable (%s)", self.name, reason)
            return None


def _every(seconds: int, task: str) -> dict[str, Any]:
    # A message that nobody took before the next one is sent has lost its point.
    return {"task": task, "schedule": float(seconds), "options": {"expires": seconds}}


app = Celery("gatehouse", task_cls=HintTask)
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL or "memory://",
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=3,
    broker_transport_options={
        "visibility_timeout": REDELIVERY_SECONDS,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
    },
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0.1, "interval_max": 0.1},
    task_default_queue="default",
    task_queues=[
        # RabbitMQ cuts off whoever holds a message for 30 minutes unless the queue allows more.
        Queue(
            name,
            Exchange("gatehouse", type="direct"),
            routing_key=name,
            queue_arguments={"x-consumer-timeout": REDELIVERY_SECONDS * 1000},
        )
        for name in ("default", "mirror", "sync", "generation")
    ],
    task_routes={
        "media.tasks.mirror*": {"queue": "mirror"},
        "upstream.tasks.run_sync": {"queue": "sync"},
        "upstream.tasks.generate": {"queue": "generation"},
    },
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    timezone="UTC",
    beat_schedule_filename=str(settings.GATEHOUSE_HOME / "celerybeat-schedule"),
    beat_schedule={
        "start due sync runs": _every(30, "upstream.tasks.start_due_runs"),
        "revive sync runs of dead workers": _every(30, "upstream.tasks.revive_runs"),
        "revive generations of dead workers": _every(5, "upstream.tasks.revive_generations"),
        "delete expired covers": _every(60, "characters.tasks.delete_expired_covers"),
        "tidy generations": _every(3600, "upstream.tasks.tidy_generations"),
        "mirror missing files": _every(10, "media.tasks.mirror_due"),
        "hash older files": _every(60, "media.tasks.fingerprint_missing"),
        "sweep the storage": _every(86_400, "media.tasks.sweep"),
        "deliver the outbox": _every(2, "moderation.tasks.deliver_outbox"),
        "scan for new bank entries": _every(5, "moderation.tasks.scan_banks"),
        "go on with long tasks": _every(10, "moderation.tasks.run_jobs"),
        "fill the search": _every(5, "moderation.tasks.fill_search"),
        "compare open cases": _every(20, "moderation.tasks.compare_open_cases"),
        "seal decisions": _every(60, "moderation.tasks.seal_decisions"),
        "erase deleted characters": _every(300, "characters.tasks.erase_deleted"),
        "erase what is due": _every(300, "moderation.tasks.erase_due"),
        "tidy": _every(3600, "moderation.tasks.tidy"),
    },
)
app.autodiscover_tasks()
