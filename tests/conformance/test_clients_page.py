"""docs/clients.md: its examples, as a stranger would run them, against Gatehouse."""

import io
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from django.core.management import call_command

from core import signing
from tests.codebase.sources import ROOT
from tests.media.samples import png

pytestmark = pytest.mark.django_db

TEXT = (ROOT / "docs" / "clients.md").read_text()
PART = re.compile(r"^## (.+?)$|^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"(?:#|//) (gatehouse\.\w+)")
INTERPRETERS = {
    "sh": ["bash", "-euo", "pipefail"],
    "python": [sys.executable],
    "javascript": ["node"],
}
# What a section's example prints when it has worked.
PRINTED = {
    ("Album", "sh"): r'"items":\[\{.*"nextCursor":"[^"]+"\}$',
    ("Album", "python"): r"^(2[1-9]|[3-9]\d|\d{3,}) pictures, the newest at http",
    ("Private avatar assets", "sh"): r'"Total":[1-9].*"Items":\[\{.*"Status":"Active"',
    ("Private avatar assets", "python"): r"^[1-9]\d* assets$",
    ("Characters", "sh"): r'"name":"Mira of the North".*"refImageId".*"priority":1\}\]',
    ("Characters", "python"): r"^[1-9]\d* public, [1-9]\d* mine, \[\{.*'priority': 1\}\] http",
    ("Signing", "sh"): r"^[0-9a-f]{64} ",
    ("Options", "sh"): r'"success":true.*"HairStyle":\[\{',
    ("Options", "python"): r"^HairStyle \[.*'Undercut'",
    ("Options", "javascript"): r"'HairStyle'",
    ("Covers", "sh"): r'"success":true.*"coverId":"[^"]+"',
    ("Covers", "python"): r"^201 http\S+ data:image/png;base64,$",
    ("Chat images", "sh"): r'"base64Image":"data:image/png;base64,.*"metadata":\{"n":1\}',
    ("Chat images", "python"): r"^picture\.png$",
    ("Trying again", "python"): r"^the same picture: True$",
}
EXAMPLE = {"agentId": "agent-uuid", "conversationId": "conv-uuid", "text": "你好"}
SECRET = "made-up-secret"
HERE = {"PATH": os.environ["PATH"]}
BODIES = [
    EXAMPLE,
    {},
    {"b": "2", "a": 1, "B": True},
    {"text": " \u3000 你好\u00a0\ufeff\n", "kept": "\x1cx\x85"},
    {"null": None, "empty": "", "blank": " \t\u2003", "object": {}, "list": [], "zero": 0},
    {"metadata": {"z": [1, 2.5, None, False], "a": " kept ", "雪": "☃ 😀"}},
    {"small": 1e-7, "large": 1e21, "text": 'say "hi" \\ / a=b&c=d'},
]


class Block(NamedTuple):
    section: str
    language: str
    code: str

    @property
    def file(self) -> str:
        """The name under which the page has it saved, "" for an example to run."""
        found = FILE.match(self.code)
        return found[1] if found else ""


def blocks_of(text: str) -> list[Block]:
    found, section = [], ""
    for title, language, code in PART.findall(text):
        section = title or section
        if code:
            found.append(Block(section, language, code))
    return found


BLOCKS = blocks_of(TEXT)
EXAMPLES = [
    block
    for block in BLOCKS
    if block.language in INTERPRETERS and block.section != "Keys" and not block.file
]
CALLS = [block for block in EXAMPLES if block.section != "Signing"]


def named(block: Block) -> str:
    return f"{block.section}-{block.language}"


@pytest.fixture(scope="module")
def environment(gatehouse, django_db_blocker) -> dict[str, str]:
    """The variables of the page, with the keys that its own commands print."""
    commands = [line for block in BLOCKS for line in block.code.splitlines() if "manage.py" in line]
    with django_db_blocker.unblock():
        (member,), (signing_key, secret) = (printed(command) for command in commands)
    return {
        **HERE,
        "GATEHOUSE_URL": gatehouse.url,
        "MEMBER_KEY": member,
        "SIGNING_KEY": signing_key,
        "SIGNING_SECRET": secret,
        "CHARACTER": gatehouse.album,
        "AGENT": gatehouse.agent,
        "USER_ID": "user-123",
    }


def printed(command: str) -> list[str]:
    """What a command of the page prints behind its equals signs."""
    out = io.StringIO()
    call_command(*command.partition("manage.py ")[2].split(), stdout=out, stderr=io.StringIO())
    return [line.partition("=")[2] for line in out.getvalue().splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Where the page's reader works: its files, and a picture."""
    made: Path = tmp_path_factory.mktemp("client")
    for block in BLOCKS:
        if block.file:
            (made / block.file).write_text(block.code)
    (made / "avatar.png").write_bytes(png())
    return made


def run(block: Block, folder: Path, environment: dict[str, str], *arguments: str):
    interpreter = INTERPRETERS[block.language]
    if block.language == "javascript" and shutil.which("node") is None:
        pytest.skip("no Node.js")
    if block.language == "sh" and shutil.which("curl") is None and not os.environ.get("CI"):
        pytest.skip("no curl")
    script = folder / f"example.{'mjs' if block.language == 'javascript' else block.language}"
    script.write_text(block.code)
    return subprocess.run(
        [*interpreter, script.name, *arguments],
        check=False, cwd=folder, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_every_example_is_known_here():
    assert sorted((block.section, block.language) for block in EXAMPLES) == sorted(PRINTED)
    assert {block.file for block in BLOCKS} - {""} == {
        "gatehouse.py", "gatehouse.mjs", "gatehouse.sh",
    }  # fmt: skip


@pytest.mark.parametrize("block", EXAMPLES, ids=named)
def test_an_example_does_what_the_page_says(block, folder, environment):
    done = run(block, folder, environment)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    pattern = PRINTED[block.section, block.language]
    assert re.search(pattern, done.stdout, re.MULTILINE | re.DOTALL), done.stdout[:2000]


@pytest.mark.parametrize("block", CALLS, ids=named)
def test_an_example_fails_loudly_with_wrong_keys(block, folder, environment):
    wrong = {"MEMBER_KEY": "gh_wrong", "SIGNING_SECRET": "wrong"}
    done = run(block, folder, environment | wrong)
    assert done.returncode != 0, done.stdout[:2000]
    said = done.stdout + done.stderr
    assert "401" in said and "Traceback" not in said, said[:2000]


def vendors_example() -> str:
    return signing.base_string(
        method="POST", path="/v1/chat/stream", timestamp="1742000000", user_id="user-123",
        body=EXAMPLE,
    )  # fmt: skip


def test_the_vendors_example_is_on_the_page_with_its_signature(folder):
    base = vendors_example()
    digest = signing.sign(SECRET, base)
    written = base.replace("\n", r"\n")
    assert f"\n{written}\n{digest}\n" in TEXT
    (shell,) = (block for block in EXAMPLES if block.section == "Signing")
    assert written in shell.code
    assert run(shell, folder, HERE).stdout.split()[0] == digest


def expected(sent: str) -> str:
    """The base string of the server for a body as it arrives."""
    return signing.base_string(
        method="POST", path="/v1/config/options", timestamp="1742000000", user_id="user-123",
        query=[("b", "2"), ("a", " 1 "), ("c", "")], body=signing.parse_body(sent.encode()),
    )  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_the_python_of_the_page_signs_what_the_server_reads(folder, body):
    ours = runpy.run_path(str(folder / "gatehouse.py"))
    base = ours["base_string"](
        "POST", "/v1/config/options", "1742000000", "user-123", body,
        {"b": "2", "a": " 1 ", "c": ""},
    )  # fmt: skip
    assert base == expected(json.dumps(body, ensure_ascii=False))
    assert ours["sign"](SECRET, base) == signing.sign(SECRET, base)


BASES = """
import { baseString, buildAuthHeaders, sign } from './gatehouse.mjs'
const [bodies, secret] = JSON.parse(process.argv[2])
const url = '/v1/config/options?b=2&a=%201%20&c='
const out = []
for (const body of bodies) {
  const base = baseString({ url, timestamp: '1742000000', userId: 'user-123', body })
  out.push([base, JSON.stringify(body), await sign(secret, base)])
}
const headers = await buildAuthHeaders('key', secret, 'user-123', { left: undefined, a: 'b' })
console.log(JSON.stringify([out, headers]))
"""


def test_the_javascript_of_the_page_signs_what_the_server_reads(folder):
    script = Block("", "javascript", BASES)
    done = run(script, folder, HERE, json.dumps([BODIES, SECRET]))
    assert done.returncode == 0, done.stderr
    signed, headers = json.loads(done.stdout)
    assert len(signed) == len(BODIES)
    for base, sent, signature in signed:
        assert base == expected(sent)
        assert signature == signing.sign(SECRET, base)
    base = f"POST\n/v1/chat/image\n{headers['X-Timestamp']}\nuser-123\n\na=b"
    assert headers["X-Signature"] == signing.sign(SECRET, base)
    assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-ID"])
