"""Writers at the same moment, and how many queries a page takes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client as InProcess
from django.test.utils import CaptureQueriesContext

from characters.cards import newest_texts
from moderation.models import Case, Decision
from tests.characters.clients import act, own
from tests.characters.test_avatars import uploaded
from tests.media import samples

pytestmark = pytest.mark.django_db(transaction=True)


def test_writers_at_once_leave_one_consistent_character(client5, alice):
    made = client5.create(alice, isPublic=True)
    act("approve", own(made))

    def write(number: int) -> int:
        path = f"/characters/{made['id']}"
        if number % 4 == 3:
            base = {"knowledgeBaseId": "660e8400-e29b-41d4-a716-446655440000", "priority": number}
            return client5.status("POST", f"{path}/knowledge-bases", alice, json=base)
        body = {"name": f"n{number}", "bio": f"n{number}"}
        return client5.status("PUT", path, alice, json=body)

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(write, range(16)))
    assert set(statuses) == {200}
    row = own(made)
    text = newest_texts([row.pk])[row.pk]
    assert text.name == text.bio == row.name
    assert row.texts.count() == 13
    assert row.knowledge_bases.count() == 1
    assert (row.review_status, Case.objects.count()) == ("pending", 1)
    assert Decision.objects.filter(action="reopen").count() == 1


def test_deleting_at_once_succeeds_once(client5, alice):
    made = client5.create(alice, isPublic=True)
    path = f"/characters/{made['id']}"
    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(lambda _: client5.status("DELETE", path, alice), range(4)))
    assert statuses == [204, 404, 404, 404]


def test_a_long_page_takes_no_more_queries_than_a_short_one(client5, alice):
    for number in range(12):
        made = client5.create(alice, name=f"c{number}", isPublic=True)
        if number < 4:
            uploaded(client5, made, alice, samples.png(seed=number))
    browser = InProcess()
    headers = {"Authorization": f"Bearer {alice}"}
    paths = ("/characters/public", "/characters/search?q=c", "/characters")
    for path in paths:
        used = []
        for limit in (2, 12):
            with CaptureQueriesContext(connection) as queries:
                mark = "&" if "?" in path else "?"
                answer = browser.get(f"{path}{mark}limit={limit}", headers=headers)
            assert len(answer.json()["items"]) == limit
            used.append(len(queries))
        # The key (once a minute its use), sources, identities, total, page, avatars, rows, texts;
        # and whose names hold the words.
        assert used[1] <= used[0] <= 9 + ("search" in path), path
    with CaptureQueriesContext(connection) as queries:
        browser.get(f"/characters/{made['id']}")
    assert len(queries) <= 5
