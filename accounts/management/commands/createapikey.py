"""The command that makes an API key, and its user where there is none."""

import argparse
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.core.validators import validate_slug
from django.db import transaction
from django.utils import timezone

from accounts.enums import Role, Scope
from accounts.keys import Limits, issue_key
from accounts.management.base import AccountsCommand, days, positive
from accounts.models import MEMBER_FOR_GOOD, User
from accounts.roles import give_role
from accounts.services import add_identity, create_user, get_user, set_member


def identity(text: str) -> tuple[str, str]:
    """`SOURCE:ID`; the id may contain colons of its own."""
    source, colon, upstream_user_id = text.partition(":")
    if not (source and colon and upstream_user_id):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form SOURCE:ID")
    return source, upstream_user_id


def slug(text: str) -> str:
    try:
        validate_slug(text)
    except ValidationError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not the name of a source") from error
    return text


class Command(AccountsCommand):
    help = (
        "Makes an API key and prints it once as key=…, with the secret of a signing key as "
        "secret=…; neither can be looked up later."
    )
    example = "createapikey --user client --create --scopes public,characters --member"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, metavar="USERNAME")
        parser.add_argument("--create", action="store_true", help="make the user when missing")
        parser.add_argument("--role", choices=Role.values, help="give the user this role")
        parser.add_argument("--member", action="store_true", help="make the user a member")
        parser.add_argument(
            "--identity", action="append", default=[], type=identity, metavar="SOURCE:ID",
            help="the user is this upstream user of that source (may be repeated)",
        )  # fmt: skip
        parser.add_argument(
            "--source", type=slug, metavar="NAME", help="only what is of this source"
        )
        parser.add_argument(
            "--scopes", required=True, metavar="SCOPE,…",
            help=f"of {', '.join(Scope.values)}; moderation needs a role",
        )  # fmt: skip
        parser.add_argument("--signed", action="store_true", help="with a signing secret")
        parser.add_argument("--name", default="", help="what the key is for")
        parser.add_argument("--expires", type=days, metavar="DAYS", help="default: never")
        parser.add_argument("--call-limit", type=positive, metavar="N", help="calls in all")
        parser.add_argument("--per-minute", type=positive, metavar="N", help="calls in a minute")

    def handle(self, *args: Any, **options: Any) -> None:
        if len(options["name"]) > 100:
            raise CommandError("The name of a key has at most 100 characters.")
        scopes = [scope for word in options["scopes"].split(",") if (scope := word.strip())]
        expires = options["expires"]
        with transaction.atomic():  # a mistake anywhere leaves nothing half-made
            user = self._user(options)
            issued = issue_key(
                user=user,
                scopes=scopes,
                name=options["name"],
                source=options["source"] or "",
                signed=options["signed"],
                limits=Limits(
                    expires_at=timezone.now() + expires if expires else None,
                    call_limit=options["call_limit"],
                    per_minute=options["per_minute"],
                ),
            )
        self.show(issued)
        self.say(f"Made the key {issued.key.prefix} of {user} for {', '.join(issued.key.scopes)}.")

    def _user(self, options: dict[str, Any]) -> User:
        name = options["user"]
        if options["create"] and not User.objects.filter(username=name).exists():
            user = create_user(name=name)
        else:
            user = get_user(name)
        if options["role"]:
            give_role(user=user, role=options["role"])
        if options["member"] and not user.is_member:
            set_member(user=user, until=MEMBER_FOR_GOOD)
        for source, upstream_user_id in options["identity"]:
            add_identity(user=user, source=source, upstream_user_id=upstream_user_id)
        return user
