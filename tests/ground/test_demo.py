"""`manage.py demo` as a newcomer meets it: one block that lets them in, and the same next time."""

import json
import os
import re
import shlex
import signal
import subprocess

import httpx
import pytest

from tests.ground.machines import Machine, nothing_left

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
SMALL = ("--images", "80", "--characters", "12", "--assets", "12")


def read_block(running: Machine) -> dict[str, str]:
    """What the demo prints when it is ready, by its first word."""
    assert running.popen.stdout is not None
    lines = []
    for line in running.popen.stdout:
        lines.append(line.rstrip())
        if line.startswith("Ctrl-C ends it."):
            break
    text = "\n".join(lines)
    block = {
        name: found.group(1)
        for name, pattern in {
            "url": r"^Gatehouse is ready: (\S+)$",
            "moderator": r"^  moderator +(\S+)$",
            "lead": r"^  lead +(\S+)$",
            "operator": r"^  operator +(\S+)$",
            "admin": r"^  admin +(\S+)$",
            "member_key": r"^Member key +(\S+)$",
            "signed": r"^Signed key +(\S+  secret \S+)$",
            "character": r"^Character +(\S+)$",
            "try": r"^Try: (curl .+)$",
        }.items()
        if (found := re.search(pattern, text, re.MULTILINE))
    }
    assert len(block) == 9, text
    return block


def sign_in(url: str, name: str, password: str) -> httpx.Response:
    with httpx.Client(base_url=url, follow_redirects=True, timeout=30) as browser:
        browser.get("/admin/login/")
        form = {
            "username": name, "password": password, "next": "/admin/",
            "csrfmiddlewaretoken": browser.cookies["csrftoken"],
        }  # fmt: skip
        return browser.post("/admin/login/", data=form, headers={"Referer": url})


def test_the_demo_lets_people_and_clients_in_and_goes_on_where_it_was(machine):
    first = machine("demo", *SMALL)
    block = read_block(first)
    for name in ("moderator", "lead", "operator", "admin"):
        page = sign_in(block["url"], name, block[name])
        assert page.status_code == 200
        assert page.url.path == "/admin/", f"{name} did not get in"
    answer = subprocess.run(
        shlex.split(block["try"]), capture_output=True, text=True, timeout=60, check=True
    )
    pictures = json.loads(answer.stdout)
    assert "error" not in pictures
    assert any(item.get("url", "").startswith(block["url"]) for item in pictures["items"])
    again = machine("demo", *SMALL)
    refusal = again.popen.communicate(timeout=90)[0]
    assert again.popen.returncode == 1
    assert "A demo runs already" in refusal

    family = first.family()
    first.popen.send_signal(signal.SIGINT)
    first.popen.communicate(timeout=90)
    assert first.popen.returncode == 0
    assert nothing_left(family)

    second = machine("demo", *SMALL)
    assert read_block(second) == block
    family = second.family()
    os.kill(second.popen.pid, signal.SIGTERM)
    second.popen.communicate(timeout=90)
    assert nothing_left(family)
