"""Who may open which page, and who may press which button."""

import uuid

import pytest

from moderation.models import Case, Decision
from tests.factories import (
    make_asset,
    make_character,
    make_fault,
    make_image,
    make_reason,
    make_run,
    make_source,
)
from upstream.enums import RunStatus

ROLES = ("viewer", "moderator", "lead", "operator", "admin")
EVERY_ROLE = set(ROLES)
DECIDERS = {"moderator", "lead", "admin"}
LEADS = {"lead", "admin"}
OPERATORS = {"operator", "admin"}

PAGES = {
    "/admin/": EVERY_ROLE,
    "/admin/queues/": EVERY_ROLE,
    "/admin/assignments/": LEADS,
    "/admin/handover/": EVERY_ROLE,
    "/admin/month/": LEADS,
    "/admin/manual/": EVERY_ROLE,
    "/admin/runs/": EVERY_ROLE,
    "/admin/runs/{run}/": EVERY_ROLE,
    "/admin/subjects/gallery.imagelog/{image}/": EVERY_ROLE,
    "/admin/subjects/characters.character/{character}/": EVERY_ROLE,
    "/admin/subjects/assets.asset/{asset}/": EVERY_ROLE,
    "/admin/batches/{batch}/": DECIDERS,
    "/admin/gallery/imagelog/": EVERY_ROLE,
    "/admin/characters/character/": EVERY_ROLE,
    "/admin/characters/character/{character}/change/": EVERY_ROLE,
    "/admin/assets/asset/": EVERY_ROLE,
    "/admin/assets/assetgroup/": EVERY_ROLE,
    "/admin/moderation/case/": EVERY_ROLE,
    "/admin/moderation/decision/": EVERY_ROLE,
    "/admin/moderation/decision/{decision}/change/": EVERY_ROLE,
    "/admin/moderation/seal/": EVERY_ROLE,
    "/admin/moderation/tombstone/": EVERY_ROLE,
    "/admin/moderation/receipt/": EVERY_ROLE,
    "/admin/moderation/reason/": EVERY_ROLE,
    "/admin/moderation/reason/{reason}/change/": EVERY_ROLE,
    "/admin/moderation/reason/add/": LEADS,
    "/admin/moderation/reasonversion/": EVERY_ROLE,
    "/admin/upstream/source/": EVERY_ROLE,
    "/admin/upstream/source/{source}/change/": EVERY_ROLE,
    "/admin/upstream/source/add/": OPERATORS,
    "/admin/upstream/syncrun/": EVERY_ROLE,
    "/admin/upstream/fault/": EVERY_ROLE,
    "/admin/upstream/fault/{fault}/change/": EVERY_ROLE,
    # Nobody makes or deletes content here.
    "/admin/gallery/imagelog/add/": set(),
    "/admin/moderation/decision/add/": set(),
    "/admin/moderation/decision/{decision}/delete/": set(),
    "/admin/moderation/reason/{reason}/delete/": set(),
    "/admin/upstream/source/{source}/delete/": set(),
}
BUTTONS = {
    "/admin/subjects/gallery.imagelog/{image}/decide/": DECIDERS,
    "/admin/subjects/gallery.imagelog/{image}/notes/": DECIDERS,
    "/admin/batches/{batch}/": DECIDERS,
    "/admin/runs/start/": OPERATORS,
    "/admin/runs/{run}/cancel/": OPERATORS,
    "/admin/runs/{run}/replay/": OPERATORS,
    "/admin/faults/{fault}/replay/": OPERATORS,
}


@pytest.fixture
def ids(as_):
    source = make_source("walked", kind="characters")
    run = make_run(source=source, status=RunStatus.PARTIAL, failed=1)
    image = make_image()
    as_("lead").post(f"/admin/subjects/gallery.imagelog/{image.pk}/decide/", {"action": "approve"})
    decision = Decision.objects.get()
    return {
        "run": run.pk,
        "fault": make_fault(run).pk,
        "image": image.pk,
        "character": make_character().pk,
        "asset": make_asset().pk,
        "batch": decision.batch,
        "decision": decision.pk,
        "reason": make_reason("violence").pk,
        "source": source.pk,
    }


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_for_its_roles_and_for_nobody_else(as_, ids, page):
    url = page.format(**ids)
    opened = {role for role in ROLES if as_(role).get(url).status_code == 200}
    assert opened == PAGES[page]


@pytest.mark.parametrize("page", PAGES)
def test_anonymous_people_and_people_without_a_role_see_no_page(as_, ids, page):
    url = page.format(**ids)
    anonymous = as_("").get(url)
    assert anonymous.status_code == 302
    assert anonymous["Location"].startswith("/admin/login/")
    assert as_("nobody").get(url).status_code in {302, 403}


@pytest.mark.parametrize("button", BUTTONS)
def test_a_button_works_for_its_roles_and_for_nobody_else(as_, ids, button):
    url = button.format(**ids)
    for role in ("nobody", *ROLES):
        answer = as_(role).post(url, {"source": "nowhere"})
        refused = answer.status_code == 403
        assert refused == (role not in BUTTONS[button]), (role, answer.status_code)
    assert as_("").post(url).status_code == 302


@pytest.mark.parametrize("button", [url for url in BUTTONS if "batches" not in url])
def test_a_button_is_not_pressed_by_following_a_link(as_, ids, button):
    assert as_("admin").get(button.format(**ids)).status_code == 405


def test_what_is_held_does_not_exist_for_others_than_leads(as_, people):
    image = make_image(message_id="evidence-1")
    held = f"/admin/subjects/gallery.imagelog/{image.pk}/"
    as_("lead").post(f"{held}decide/", {"action": "hold", "note": "court order"})
    for role in ROLES:
        sees = role in LEADS
        browser = as_(role)
        assert (browser.get(held).status_code == 200) == sees
        listed = "evidence-1" in browser.get("/admin/gallery/imagelog/").content.decode()
        assert listed == sees
        logged = str(image.pk) in browser.get("/admin/moderation/decision/").content.decode()
        assert logged == sees


def test_cases_that_wait_for_a_lead_are_listed_to_leads_only(as_):
    image = make_image()
    url = f"/admin/subjects/gallery.imagelog/{image.pk}/decide/"
    as_("moderator").post(url, {"action": "escalate", "note": "Is this ours?"})
    assert Case.objects.get().queue == "escalations"
    for role in ROLES:
        listed = str(image.pk) in as_(role).get("/admin/moderation/case/").content.decode()
        assert listed == (role in LEADS)


def test_an_unknown_subject_is_not_found(as_):
    browser = as_("lead")
    assert browser.get(f"/admin/subjects/gallery.imagelog/{uuid.uuid4()}/").status_code == 404
    assert browser.get(f"/admin/subjects/gallery.nothing/{uuid.uuid4()}/").status_code == 404
    assert browser.get(f"/admin/batches/{uuid.uuid4()}/").status_code == 404
    assert browser.post(f"/admin/batches/{uuid.uuid4()}/").status_code == 404


def test_the_sidebar_offers_only_what_a_person_may_open(as_):
    def links(role):
        page = as_(role).get("/admin/queues/")
        groups = page.context["sidebar_navigation"]
        return {item["link"] for group in groups for item in group["items"]}

    assert "/admin/queues/escalations/" not in links("moderator")
    assert "/admin/queues/escalations/" in links("lead")
    assert "/admin/queues/images/" not in links("viewer")
    for role in ROLES:
        for link in links(role):
            assert as_(role).get(link).status_code == 200, (role, link)
