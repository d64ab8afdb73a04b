"""Django's `migrate`, run as the owning role, with a lock timeout and the runtime role's grants."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.utils import OperationalError

from core.grants import grant_runtime_rights

OWNER_ALIAS = "owner"


class Command(DjangoMigrate):
    help = (
        "Brings the database up to date as its owner (DATABASE_OWNER_URL, else DATABASE_URL) and "
        "grants the runtime role what it needs. Example: manage.py migrate"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database=self._owning_alias())
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
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('lock_timeout', %s, false)", [f"{options['lock_timeout']}s"]
                )
            result = super().handle(*args, **options)
        except OperationalError as error:
            if "lock timeout" in str(error):
                raise CommandError(
                    "A table stayed locked; nothing of the current migration was applied. Run "
                    "migrate again when the database is quieter, or raise --lock-timeout."
                ) from error
            raise CommandError(f"The database is not usable: {error}") from error
        self._grant(options["database"])
        return result

    def _grant(self, alias: str) -> None:
        runtime = settings.DATABASES[DEFAULT_DB_ALIAS]["USER"]
        if alias == OWNER_ALIAS and runtime != settings.DATABASES[alias]["USER"]:
            grant_runtime_rights(
                connections[alias], role=runtime, append_only=settings.APPEND_ONLY_TABLES
            )

    def _owning_alias(self) -> str:
        return OWNER_ALIAS if OWNER_ALIAS in connections else DEFAULT_DB_ALIAS
