"""The command that lists, revokes and rotates API keys."""

import json
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.keys import revoke_key, rotate_key
from accounts.management.base import AccountsCommand, positive
from accounts.models import ApiKey
from accounts.services import get_user

COLUMNS = ("prefix", "user", "name", "scopes", "state", "calls", "last_used_at")


class Command(AccountsCommand):
    help = "Lists API keys, revokes one, or rotates one (same limits, new key and secret)."
    example = "apikeys rotate k3v9q0a1zx --grace 60"

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="list|revoke|rotate")
        listing = actions.add_parser("list", help="all keys, or those of one user")
        listing.add_argument("--user", metavar="USERNAME")
        listing.add_argument("--json", action="store_true", help="for scripts")
        revoking = actions.add_parser("revoke", help="end a key at its next call, for good")
        revoking.add_argument("prefix", metavar="PREFIX", help="as shown by `apikeys list`")
        rotating = actions.add_parser("rotate", help="new key and secret in place of the old")
        rotating.add_argument("prefix", metavar="PREFIX", help="as shown by `apikeys list`")
        rotating.add_argument(
            "--grace", type=positive, default=0, metavar="MINUTES",
            help="how long the old key still answers (default: not at all)",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        {"list": self._list, "revoke": self._revoke, "rotate": self._rotate}[options["action"]](
            options
        )

    def _list(self, options: dict[str, Any]) -> None:
        keys = ApiKey.objects.select_related("user")
        if options["user"]:
            keys = keys.filter(user=get_user(options["user"]))
        rows = [self._row(key) for key in keys]
        if options["json"]:
            self.stdout.write(json.dumps(rows, ensure_ascii=False))
            return
        lines = [COLUMNS, *([self._cell(row[name]) for name in COLUMNS] for row in rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
        for line in lines:
            cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())
        self.say(f"{len(rows)} key{'' if len(rows) == 1 else 's'}.")

    def _cell(self, value: Any) -> str:
        return "-" if value in (None, "") else str(value)

    def _row(self, key: ApiKey) -> dict[str, Any]:
        return {
            "prefix": key.prefix,
            "user": key.user.get_username(),
            "name": key.name,
            "scopes": ",".join(key.scopes),
            "state": key.state.value,
            "signed": key.is_signed,
            "calls": key.calls,
            "last_used_at": f"{key.last_used_at:%Y-%m-%dT%H:%MZ}" if key.last_used_at else None,
            "expires_at": f"{key.expires_at:%Y-%m-%dT%H:%MZ}" if key.expires_at else None,
        }

    def _revoke(self, options: dict[str, Any]) -> None:
        key = self._key(options["prefix"])
        state = "is revoked" if revoke_key(key=key) else "was revoked already"
        self.stdout.write(self.style.SUCCESS(f"The key {key.prefix} of {key.user} {state}."))

    def _rotate(self, options: dict[str, Any]) -> None:
        key, grace = self._key(options["prefix"]), options["grace"]
        self.show(rotate_key(key=key, grace=timedelta(minutes=grace)))
        old = f"the old one answers for {grace} minutes more" if grace else "the old one has ended"
        self.say(f"Rotated the key {key.prefix} of {key.user}; {old}.")

    def _key(self, prefix: str) -> ApiKey:
        wanted = prefix.removeprefix("gh_").partition("_")[0]
        key = ApiKey.objects.select_related("user").filter(prefix=wanted).first()
        if key is None:
            raise CommandError(f"There is no key {wanted}.")
        return key
