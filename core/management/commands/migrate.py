"""Django's `migrate`, run as the owning role, with a lock timeout and the runtime role's grants."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connections
from django.db.utils import OperationalError

from core.grants import grant_runtime_rights, owner_login


class Command(DjangoMigrate):
    help = (
        "Brings the database up to date as its owner (DATABASE_OWNER_URL, else DATABASE_URL) and "
        "grants the runtime role what it needs. Example: manage.py migrate"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--lock-timeout",
            type=int,
            default=5,
            metavar="SECONDS",
            help="give up when a table stays locked for this long, rather than queue up in front "
            "of everybody else's statements (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> str | None:
        connection = connections[options["database"]]
        runtime_role = connection.settings_dict["USER"]
        with owner_login(connection, settings.DATABASE_OWNER_URL):
            result = self._migrate(*args, **options)
            if connection.settings_dict["USER"] != runtime_role:
                grant_runtime_rights(
                    connection, role=runtime_role, append_only=settings.APPEND_ONLY_TABLES
                )
        return result

    def _migrate(self, *args: Any, **options: Any) -> str | None:
        try:
            with connections[options["database"]].cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('lock_timeout', %s, false)", [f"{options['lock_timeout']}s"]
                )
            return super().handle(*args, **options)
        except OperationalError as error:
            if "lock timeout" not in str(error):
                raise CommandError(f"The database is not usable: {error}") from error
            raise CommandError(
                "A table stayed locked; nothing of the current migration was applied. Run "
                "migrate again when the database is quieter, or raise --lock-timeout."
            ) from error
