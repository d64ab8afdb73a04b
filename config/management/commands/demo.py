"""`manage.py demo`: the whole product with a sandbox upstream and sample data, until Ctrl-C."""

import shlex
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import demo, machine
from config.supervisor import Supervisor
from core.launcher.home import folder
from core.launcher.locks import exclusive_now

START_SECONDS = 60.0
SYNC_SECONDS = 180.0
PICTURE_SECONDS = 90.0


class Command(BaseCommand):
    help = (
        "Runs everything with a sandbox upstream, demo accounts and sample data, and prints how "
        "to get in. Example: manage.py demo --images 2000"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--images", type=int, default=600, metavar="N")
        parser.add_argument("--characters", type=int, default=60, metavar="N")
        parser.add_argument("--assets", type=int, default=60, metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        home = folder(settings.GATEHOUSE_HOME)
        amounts = demo.Amounts(options["images"], options["characters"], options["assets"])
        machine.check_broker()
        with exclusive_now(home / "demo.lock") as alone:
            if not alone:  # it would take the first one's sources over
                raise CommandError(f"A demo runs already with the data in {home}.")
            machine.check_port()
            machine.migrate()
            demo.refuse_real_data()
            machine.prepare_files()
            self._run(amounts, logs=home / "logs")

    def _run(self, amounts: demo.Amounts, *, logs: Path) -> None:
        made = demo.Demo()
        made.choose_port()
        made.make_people()
        made.make_keys()
        services = [
            made.sandbox(amounts, logs=logs),
            *machine.services(machine.ROLES, logs=logs, environment=made.allowed_hosts()),
        ]
        supervisor = Supervisor(services, self.say, machine.revive_servers)
        with supervisor.running():
            self._fill(supervisor, made, amounts)
            self.say(self._block(made, logs))
            with machine.knocking():
                supervisor.watch()

    def _fill(self, supervisor: Supervisor, made: demo.Demo, amounts: demo.Amounts) -> None:
        """Waits for the servers, and for the first data: characters before their pictures."""
        wait = supervisor.wait_for
        if not wait(lambda: machine.answers(made.sandbox_url), seconds=START_SECONDS):
            raise CommandError(f"The sandbox did not answer in {START_SECONDS:.0f} s.")
        made.make_sources()
        if not wait(machine.web_answers, seconds=START_SECONDS):
            raise CommandError(f"The web server did not answer in {START_SECONDS:.0f} s.")
        if not demo.synced(*demo.SYNCED):
            self.say("Syncing sample data…")
            demo.start_syncs(demo.CHARACTERS, demo.ASSETS)
            wait(lambda: demo.settled(demo.CHARACTERS), seconds=SYNC_SECONDS)
            demo.start_syncs(demo.GALLERY)
            wait(lambda: demo.settled(*demo.SYNCED), seconds=SYNC_SECONDS)
        if not demo.synced(*demo.SYNCED):
            self.say(f"Not all sample data came; see {settings.PUBLIC_URL}/admin/runs/")
        wait(lambda: demo.has_pictures(amounts.images), seconds=PICTURE_SECONDS)
        made.configure_images()

    def _block(self, made: demo.Demo, logs: Path) -> str:
        notes, character = made.notes, made.character()
        url = f"{settings.PUBLIC_URL}/api/list-character-images"
        curl = [
            "curl", "-s", url, "-H", f"Authorization: Bearer {notes['member_key']}",
            "-H", "Content-Type: application/json", "-d", f'{{"characterId": "{character}"}}',
        ]  # fmt: skip
        people = [f"  {name:<10} {notes[f'password_{name}']}" for name in demo.PEOPLE]
        return "\n".join(
            [
                "",
                f"Gatehouse is ready: {settings.PUBLIC_URL}",
                "",
                "Accounts (name, password)",
                *people,
                "",
                f"Member key   {notes['member_key']}",
                f"Signed key   {notes['signed_key']}  secret {notes['signed_secret']}",
                f"Character    {character}",
                "",
                f"Try: {shlex.join(curl)}",
                "",
                f"Ctrl-C ends it. Data stays in {settings.GATEHOUSE_HOME}, logs are in {logs}.",
            ]
        )

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
