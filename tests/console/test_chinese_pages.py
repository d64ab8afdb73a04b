"""The console in Chinese: no English sentence is left on any page, in any label or any message.

What people wrote is Chinese in this world (see world.py), so that what is Latin alone and longer
than a word is the console's own, unless it is marked as another language or as code.
"""

import json
import re
import uuid

import pytest
from django.test import Client

from tests.console.walking import OUTSIDE
from tests.console.world import fill
from tests.factories import make_image, make_person

# Texts, and the attributes that are read out or shown: [what, where]. Words of the word list and
# the English labels of options stand in columns of their own, in the language they are for.
SENTENCES = """() => {
    const OTHER = "code, pre, kbd, bdi, script, style, [translate=no], .gh-mono, "
        + ".field-label_en, .field-term, .field-text";
    const WORDS = /[A-Za-z]{2,}[,;:]?\\s+[A-Za-z]{2,}/;
    const HAN = /[\u4e00-\u9fff]/;
    const found = [];
    const elsewhere = (element) => {
        const marked = element.closest("[lang]");
        return element.closest(OTHER) || (marked && !marked.lang.startsWith("zh"));
    };
    const note = (text, element) => {
        const said = text.trim().replace(/\\s+/g, " ");
        if (WORDS.test(said) && !HAN.test(said) && !elsewhere(element))
            found.push([said.slice(0, 90), `${element.tagName}.${element.className}`.slice(0, 60)]);
    };
    const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (words.nextNode()) note(words.currentNode.data, words.currentNode.parentElement);
    for (const element of document.querySelectorAll("[title], [alt], [placeholder], [aria-label]"))
        for (const name of ["title", "alt", "placeholder", "aria-label"])
            note(element.getAttribute(name) ?? "", element);
    if (!HAN.test(document.title)) found.push([document.title, "TITLE"]);
    return found;
}"""
HAN = re.compile(r"[\u4e00-\u9fff]")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(900),
]


def test_no_page_has_an_english_sentence_left(visit, admin, image):
    world = fill(admin=admin, image=image)
    admin.language = "zh-hans"
    admin.save()
    visitor = visit(admin, locale="zh-CN")
    found = {
        path: left for path, page in visitor.walk(**world) if (left := page.evaluate(SENTENCES))
    }
    stranger = visit(None, locale="zh-CN")
    for path in OUTSIDE:
        if left := stranger.open(path).evaluate(SENTENCES):
            found[path] = left
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)


def test_what_the_server_refuses_it_refuses_in_chinese(transactional_db):
    moderator = make_person("alice", role="moderator", language="zh-hans")
    image, pending = make_image(review_status="rejected"), make_image()
    client = Client(headers={"accept-language": "en"})
    client.force_login(moderator)
    base = "/api/moderation"
    nobody = uuid.uuid4()
    asked = {
        f"{base}/nothing/": {},
        f"{base}/decisions/": {"decisions": "all"},
        f"{base}/queues/nothing/claim/": {"limit": 1},
        f"{base}/queues/escalations/claim/": {"limit": 1},
        f"{base}/queues/images/claim/": {"limit": 0},
        f"{base}/cases/{nobody}/renew/": {},
        f"{base}/cases/{nobody}/claim/": {},
        f"{base}/families/{nobody}/claim/": {},
        f"{base}/batches/{nobody}/undo/": {},
    }
    for path, body in asked.items():
        answer = client.post(path, body, content_type="application/json")
        assert answer.status_code >= 400, path
        assert HAN.search(answer.json()["detail"]), (path, answer.json())
    results = []
    for subject, row in (
        (image, {"action": "purge", "reason": "violence"}),
        (image, {"action": "reopen"}),
        (pending, {"action": "reject", "reason": "no-such"}),
        (pending, {"action": "reject"}),
    ):
        who = {"type": subject.subject_type(), "id": str(subject.pk)}
        body = {"decisions": [{"subject": who, **row}]}
        answer = client.post(f"{base}/decisions/", body, content_type="application/json")
        results += answer.json()["results"]
    assert [row["status"] for row in results] == ["forbidden", "invalid", "invalid", "invalid"]
    assert all(HAN.search(row["error"]) for row in results), results
