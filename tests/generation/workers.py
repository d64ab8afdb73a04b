"""The product's own worker, of the queue `generation` or others, as a process on the test
database.
"""

import os
import signal
import subprocess
import sys
from typing import Self

from config.celery import app
from tests.servers import ROOT, WebServer

app.loader.import_default_modules()


class Worker:
    """`with Worker(broker) as worker`; it is killed with all that it started."""

    def __init__(
        self,
        broker: str,
        *,
        queues: str = "generation",
        pool: str = "threads",
        threads: int = 16,
        **environment: str,
    ) -> None:
        self.broker = broker
        self.queues, self.pool, self.threads = queues, pool, threads
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        command = [
            sys.executable, "-m", "celery", "--app", "config", "worker", "--pool", self.pool,
            "--concurrency", str(self.threads), "--queues", self.queues, "--loglevel", "warning",
            "--without-gossip", "--without-mingle",
        ]  # fmt: skip
        server = WebServer(CELERY_BROKER_URL=self.broker)
        environment = {**server._environment(), **self.environment}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)

    def kill(self) -> None:
        """With -9, as a crash would."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def send(self, request_id: object) -> None:
        """A message for this request, as beat sends it."""
        self.ask("upstream.tasks.generate", str(request_id))

    def ask(self, task: str, *arguments: str) -> None:
        """A message for a task, in the first of the worker's queues."""
        with app.connection_for_write(self.broker) as connection:
            app.tasks[task].apply_async(
                args=arguments, producer=connection.Producer(), queue=self.queues.split(",")[0]
            )
