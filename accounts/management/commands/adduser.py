"""The command that makes an account for a person."""

import secrets
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from accounts.enums import Role
from accounts.management.base import AccountsCommand, add_password_options, given_password
from accounts.models import User
from accounts.roles import give_role, role_of
from accounts.services import create_user, set_password


class Command(AccountsCommand):
    help = (
        "Makes an account with a role. Asks for the password on a terminal; elsewhere, and when "
        "it is left empty, one is made and printed once as password=…"
    )
    example = "adduser alice --role moderator --email alice@example.org"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME")
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--email", default="", help="where a forgotten password's link goes")
        parser.add_argument(
            "--update", action="store_true", help="give an existing account this role and password"
        )
        add_password_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        name, role, email = options["name"], options["role"], options["email"]
        self._check_email(email)
        user = User.objects.filter(username=name).first()
        if user is not None:
            self._existing(user, options)
            return
        unsaved = User(username=name, email=email)
        given = given_password(options, user=unsaved)
        password = given or secrets.token_urlsafe(15)
        create_user(name=name, email=email, password=password, role=role)
        if given is None:
            self.stdout.write(f"password={password}")
        self.say(f"Made the account {name} with the role {role}.")

    def _existing(self, user: User, options: dict[str, Any]) -> None:
        role, email = options["role"], options["email"]
        named = options["password_env"] or options["password_stdin"] or options["generate"]
        if not options["update"]:
            if role_of(user) == role and not named and email in {"", user.email}:
                self.say(f"The account {user} has the role {role} already.")
                return
            raise CommandError(f"There is an account {user} already; --update changes it.")
        password = given_password(options, user=user) if named else None
        if options["generate"]:
            password = secrets.token_urlsafe(15)
        with transaction.atomic():
            give_role(user=user, role=role)
            if email:
                user.email = email
                user.save(update_fields=["email"])
            if password:
                set_password(user=user, password=password)
        if options["generate"]:
            self.stdout.write(f"password={password}")
        self.say(f"Updated the account {user}, with the role {role}.")

    def _check_email(self, email: str) -> None:
        try:
            if email:
                validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email!r} is no mail address.") from error
