"""The command that shuts an account out, or lets it in again."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.management.base import AccountsCommand
from accounts.services import ban_user, get_user, lift_ban


class Command(AccountsCommand):
    help = "Bans an account: from its next request on, sessions and keys are refused."
    example = 'banuser mallory --reason "sells invitations"'

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--lift", action="store_true", help="let the account in again")
        parser.add_argument("--reason", default="", help="for colleagues, not shown to the person")

    def handle(self, *args: Any, **options: Any) -> None:
        user = get_user(options["name"])
        if options["lift"]:
            lifted = lift_ban(user=user)
            state = "is no longer banned" if lifted else "is not banned"
        else:
            banned = ban_user(user=user, reason=options["reason"])
            state = "is banned" if banned else "was banned already"
        self.stdout.write(self.style.SUCCESS(f"The account {user} {state}."))
