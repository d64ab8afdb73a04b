"""`manage.py up`: everything one machine runs, until Ctrl-C."""

from contextlib import nullcontext
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import machine
from config.supervisor import Supervisor

START_SECONDS = 60.0


class Command(BaseCommand):
    help = (
        "Runs the web server, the worker and beat, with an embedded database and broker unless "
        "DATABASE_URL names one. Example: manage.py up --only worker"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--only", choices=machine.ROLES, help="one part only, for installations of several "
            "machines; the database must be migrated already",
        )  # fmt: skip
        parser.add_argument(
            "--queues", default=",".join(machine.QUEUES), metavar="QUEUE,…",
            help="the queues that the worker consumes (default: %(default)s)",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        roles = (options["only"],) if options["only"] else machine.ROLES
        machine.check_broker()
        if "web" in roles:
            machine.check_port()
        if options["only"]:
            machine.check_migrated()
        else:
            machine.migrate()
        if "web" in roles:
            machine.prepare_files()
        services = machine.services(roles, queues=self._queues(options["queues"]))
        supervisor = Supervisor(services, self.say, machine.revive_servers)
        with supervisor.running():
            if "web" in roles:
                if not supervisor.wait_for(machine.web_answers, seconds=START_SECONDS):
                    raise CommandError(f"The web server did not answer in {START_SECONDS:.0f} s.")
                self.say(f"Gatehouse answers on {settings.PUBLIC_URL} (Ctrl-C ends it)")
            with machine.knocking() if "web" in roles else nullcontext():
                supervisor.watch()

    def _queues(self, text: str) -> list[str]:
        queues = [word.strip() for word in text.split(",") if word.strip()]
        if unknown := set(queues) - set(machine.QUEUES):
            raise CommandError(f"There is no queue {', '.join(sorted(unknown))}.")
        return queues

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
