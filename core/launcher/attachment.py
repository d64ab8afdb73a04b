"""Joining the embedded servers: whoever comes first starts them, whoever leaves last ends them."""

import atexit
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.launcher.home import Home
from core.launcher.locks import SharedHold, exclusive
from core.launcher.postgres import OWNER, RUNTIME, Cluster, Running
from core.launcher.processes import is_running
from core.launcher.valkey import Broker


@dataclass
class Attachment:
    """One process's use of the servers."""

    home: Home
    cluster: Cluster
    broker: Broker
    hold: SharedHold
    server: Running
    environment: Mapping[str, str]
    tied: bool
    pid: int
    released: bool = False

    def revive(self) -> bool:
        """Starts servers again that have died, on their old ports; False when none had."""
        if is_running(self.server.pid) and self.broker.is_alive():
            return False
        with exclusive(self.home.lock("start")):
            database, broker = self.cluster.running(), self.broker.running()
            self.server = database or self.cluster.start(tied=self.tied)
            if broker is None:
                self.broker.start(tied=self.tied)
        return database is None or broker is None

    def release(self) -> None:
        """Ends the servers when no other process uses them. Safe to call twice, and in a fork."""
        if self.released or os.getpid() != self.pid:
            return
        self.released = True
        with exclusive(self.home.lock("start")):
            if self.hold.is_alone():
                self.broker.stop()
                self.cluster.stop()
            self.hold.release()


def attach(
    root: Path,
    *,
    tied: bool = False,
    settings: Mapping[str, str] | None = None,
    may_create_databases: bool = False,
) -> Attachment:
    """Starts or joins the servers of the home `root`, and releases them at exit.

    `tied`: the servers end with this process even if it is killed, for `up` and `demo`; servers
    that somebody left behind are restarted for it. `settings`: more PostgreSQL settings.
    """
    home = Home(root)
    with exclusive(home.lock("start")):
        hold = SharedHold(home.lock("use"))
        secrets = home.secrets()
        cluster = Cluster(home, secrets, settings or {}, may_create_databases)
        broker = Broker(home, secrets)
        if tied and hold.is_alone():
            broker.stop()
            cluster.stop()
        server = cluster.running() or cluster.start(tied=tied)
        broker_port = broker.running() or broker.start(tied=tied)
    environment = {
        "GATEHOUSE_EMBEDDED": "1",
        "GATEHOUSE_HOME": str(home.root),
        "DATABASE_URL": cluster.url(user=RUNTIME, port=server.port),
        "DATABASE_OWNER_URL": cluster.url(user=OWNER, port=server.port),
        "SECRET_KEY": secrets["secret_key"],
        "ENCRYPTION_KEYS": secrets["encryption_keys"],
        "AUDIT_KEY": secrets["audit_key"],
    }
    if broker_port is not None:
        environment["CELERY_BROKER_URL"] = broker.url(broker_port)
    attachment = Attachment(home, cluster, broker, hold, server, environment, tied, os.getpid())
    atexit.register(attachment.release)
    return attachment
