"""What the commands of this app share: an example under --help, no traceback for mistakes."""

import argparse
import os
import sys
from datetime import timedelta
from getpass import getpass
from typing import Any, ClassVar

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.errors import AccountError
from accounts.keys import IssuedKey
from accounts.models import User


class AccountsCommand(BaseCommand):
    """A command whose AccountErrors are its user's mistakes."""

    example: ClassVar[str]

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs.setdefault("epilog", f"example: manage.py {self.example}")
        return super().create_parser(prog_name, subcommand, **kwargs)

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except AccountError as error:
            raise CommandError(str(error)) from error

    def say(self, sentence: str) -> None:
        """The summary, on stderr where stdout is for scripts to read."""
        self.stderr.write(sentence, self.style.SUCCESS)

    def show(self, issued: IssuedKey) -> None:
        """`key=…` and, of a signing key, `secret=…`, each alone on its line of stdout."""
        self.stdout.write(f"key={issued.plain}")
        if issued.secret:
            self.stdout.write(f"secret={issued.secret}")


def positive(text: str) -> int:
    """An argument that counts something."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**31:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return int(text)


def days(text: str) -> timedelta:
    """An argument in days, at most a hundred years."""
    number = positive(text)
    if number > 36_500:
        raise argparse.ArgumentTypeError("at most 36500 days")
    return timedelta(days=number)


def add_password_options(parser: CommandParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--password-env", metavar="VAR", help="take it from this variable")
    group.add_argument("--password-stdin", action="store_true", help="take it from standard input")
    group.add_argument(
        "--generate", action="store_true", help="make one and print it once, without asking"
    )


def given_password(options: dict[str, Any], *, user: User) -> str | None:
    """The password that was given or asked for on a terminal; None when one is to be made.

    Raises CommandError when it is missing where it should be, or too weak for `user`.
    """
    if variable := options["password_env"]:
        password = os.environ.get(variable, "")
        if not password:
            raise CommandError(f"The variable {variable} is empty or not set.")
    elif options["password_stdin"]:
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise CommandError("There is no password on standard input.")
    elif options["generate"] or not sys.stdin.isatty():
        return None
    else:
        password = getpass("Password (empty: make one): ")
        if not password:
            return None
        if getpass("Again: ") != password:
            raise CommandError("The two passwords differ.")
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    return password
