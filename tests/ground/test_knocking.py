"""A server is asked again and again while it is watched, and not a moment longer."""

import socket
import time
from contextlib import suppress

from config import machine


def test_a_server_is_asked_about_once_a_second_inside_and_not_after(monkeypatch):
    monkeypatch.setattr(machine, "KNOCK_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        with machine.knocking(f"http://127.0.0.1:{listener.getsockname()[1]}/healthz"):
            for _ in range(3):  # also of one that never answers properly
                caller, _address = listener.accept()
                assert caller.recv(100).startswith(b"GET /healthz ")
                caller.close()
        listener.settimeout(0.5)
        with suppress(TimeoutError):  # one may have been on its way
            listener.accept()[0].close()
            time.sleep(0.2)
            listener.accept()
            raise AssertionError("it is still asked")
