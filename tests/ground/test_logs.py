"""What reaches a log or an error report, and what never does."""

import io
import json
import logging
import logging.config

import pytest

from config import logs, sentry
from core.scrubbing import scrub


@pytest.mark.parametrize(
    ("text", "kept", "gone"),
    [
        ("GET https://cdn.example.org/a.png?X-Sig=abc&t=1 done", "/a.png?…", "abc"),
        ("GET /media/1/2?sig=abc failed", "/media/1/2?…", "abc"),
        ("postgresql://gate:hunter2@db/x refused", "://…@db/x", "hunter2"),
        ("redis://:hunter2@127.0.0.1:1/0", "://…@127", "hunter2"),
        ("Authorization: Bearer gh_live_1234", "Authorization", "gh_live_1234"),
        ('{"api_key": "k-123", "n": 1}', '"n": 1', "k-123"),
        ("password=hunter2, user=alice", "user=alice", "hunter2"),
        ("api_secret='s3cr3t'", "api_secret", "s3cr3t"),
        ('{"prompt": "masterpiece"}', "prompt", "masterpiece"),
        ("duplicate key\nDETAIL:  Key (name)=(alice) already exists.", "duplicate key", "alice"),
    ],
)
def test_secrets_queries_and_row_values_are_cut_out(text, kept, gone):
    result = scrub(text)
    assert kept in result
    assert gone not in result


def test_ordinary_lines_stay_as_they_are():
    line = "Run 0197 of demo-gallery: 600 seen, 12 failed (3.2 s) at /admin/runs/"
    assert scrub(line) == line


@pytest.fixture
def record_lines():
    """A logger set up as the product's, and the lines that it wrote."""

    def write(form: str, *arguments, **options) -> str:
        stream = io.StringIO()
        config = logs.configuration(form)
        config["handlers"]["stderr"]["stream"] = stream
        before = logging.root.handlers[:], logging.root.level
        try:
            logging.config.dictConfig(config)
            logging.getLogger("gatehouse.test").warning(*arguments, **options)
        finally:
            logging.root.handlers[:], logging.root.level = before[0], before[1]
        return stream.getvalue()

    return write


def test_json_lines_stay_json_and_scrubbed(record_lines):
    try:
        raise ValueError('could not open postgresql://gate:hunter2@db/x "now"')
    except ValueError:
        line = record_lines("json", "fetch %s", "https://a.example.org/b?sig=abc", exc_info=True)
    entry = json.loads(line)
    assert entry["message"] == "fetch https://a.example.org/b?…"
    assert entry["level"] == "WARNING"
    assert entry["request_id"] == "-"
    assert "hunter2" not in line


def test_console_lines_scrub_tracebacks_too(record_lines):
    try:
        raise ValueError("token=gh_live_1234")
    except ValueError:
        line = record_lines("console", "failed", exc_info=True)
    assert "ValueError" in line
    assert "gh_live_1234" not in line


def test_an_error_report_carries_no_request_and_no_person():
    event = {
        "request": {"url": "https://a/b?sig=abc", "data": {"prompt": "masterpiece"}},
        "user": {"id": 7},
        "breadcrumbs": {"values": []},
        "exception": {"values": [{"type": "ValueError", "value": "secret=hunter2"}]},
        "logentry": {"message": "GET %s", "formatted": "GET /x?sig=abc", "params": ["/x?sig=abc"]},
    }
    sent = json.dumps(sentry.before_send(event, {}))
    for private in ("abc", "masterpiece", "hunter2", '"user"', "breadcrumbs"):
        assert private not in sent
    assert "ValueError" in sent
