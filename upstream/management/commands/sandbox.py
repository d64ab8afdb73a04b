"""`manage.py sandbox`: the five upstream contracts on a loopback port, with synthetic data."""

from argparse import Namespace
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from upstream.sandbox import credentials
from upstream.sandbox.server import HOST, add_arguments, free_port, is_taken, options_of, serve


class Command(BaseCommand):
    help = "Serves the five upstream contracts on a loopback port with synthetic data."
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        add_arguments(parser)
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        port = options["port"] or free_port()
        if is_taken(port):
            raise CommandError(f"Port {port} is taken; choose another with --port.")
        self.stdout.write(
            f"Sandbox on http://{HOST}:{port} (member token {credentials.MEMBER_TOKEN}, "
            f"key {credentials.SIGNED_KEY}); Ctrl-C ends it."
        )
        self.stdout.flush()
        serve(options_of(Namespace(**options)), port=port, parent=options["parent"])
        self.stdout.write("Sandbox ended.")
