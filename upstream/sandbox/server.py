"""Serving the sandbox with granian: command-line options, one worker process, clean endings."""

import argparse
import os
import signal
import socket
import threading
import time
from functools import partial

from granian import Granian
from granian.constants import Interfaces

from upstream.sandbox.app import Sandbox
from upstream.sandbox.faults import FAULTS
from upstream.sandbox.world import Options

HOST = "127.0.0.1"
EXAMPLE = "Example: manage.py sandbox --port 9001 --images 5000 --faults 500,429,badrows"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    faults = "\n".join(f"  {name:<10} {what}" for name, what in FAULTS.items())
    parser.epilog = f"{EXAMPLE}\n\nFaults (--faults, separated by commas):\n{faults}"
    parser.add_argument("--port", type=_port, required=True, help="loopback port; 0 finds one")
    defaults = Options()
    for kind in ("images", "characters", "assets"):
        amount = getattr(defaults, kind)
        parser.add_argument(
            f"--{kind}", type=_amount, default=amount, metavar="N", help=f"default {amount}"
        )
    parser.add_argument("--faults", type=_faults, default=(), help="see below")
    parser.add_argument("--seed", type=int, default=defaults.seed, help="another seed, other data")
    parser.add_argument("--parent", type=int, default=0, help="end when this process has ended")


def options_of(found: argparse.Namespace) -> Options:
    return Options(
        characters=found.characters,
        images=found.images,
        assets=found.assets,
        faults=found.faults,
        seed=found.seed,
    )


def serve(options: Options, *, port: int, parent: int = 0) -> None:
    """Serves until SIGINT or SIGTERM, or until the process `parent` has ended."""
    if parent:
        _end_with(parent)
    server = Granian(
        "upstream.sandbox.app",
        address=HOST,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=16,
        websockets=False,
        log_enabled=False,
    )
    server.serve(target_loader=partial(_load, options, os.getpid()), wrap_loader=False)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def is_taken(port: int) -> bool:
    """Whether someone listens there; granian itself would share the port silently."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def main() -> None:
    """`python -m upstream.sandbox`, the same without Django."""
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    add_arguments(parser)
    found = parser.parse_args()
    port = found.port or free_port()
    if is_taken(port):
        parser.error(f"port {port} is taken")
    serve(options_of(found), port=port, parent=found.parent)


def _load(options: Options, parent: int, *_: object) -> Sandbox:
    """Runs in the worker process."""
    _end_with(parent)
    return Sandbox(options)


def _end_with(parent: int) -> None:
    """Ends this process once `parent` is no longer its parent: no orphan holds the port."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True, name="parent-watch").start()


def _port(text: str) -> int:
    if text.isdigit() and int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port")


def _amount(text: str) -> int:
    if text.isdigit() and int(text) <= 10_000_000:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 10,000,000")


def _faults(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if unknown := sorted(set(names) - set(FAULTS)):
        raise argparse.ArgumentTypeError(
            f"unknown fault {', '.join(unknown)}; known: {', '.join(FAULTS)}"
        )
    return names
