"""The command that makes a person unknown for good."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.management.base import AccountsCommand
from accounts.services import anonymise, get_user


class Command(AccountsCommand):
    help = (
        "Erases a person's name, mail, identities, keys, role and sign-in for good; the number "
        "stays, so that the decision log keeps its authors apart."
    )
    example = "anonymiseuser alice --yes"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--yes", action="store_true", help="really do it")

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_user(options["name"])
        if not options["yes"]:
            raise CommandError(
                f"Nothing done. With --yes this erases for good who {user} (number {user.pk}) is, "
                f"with {user.identities.count()} identities and {user.api_keys.count()} keys."
            )
        anonymise(user)
        self.stdout.write(self.style.SUCCESS(f"Number {user.pk} is now {user}."))
