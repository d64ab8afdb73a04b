"""Over real HTTP: a picture that a rejecting bank knows is kept for review and never handed out.

The sandbox's platform draws the same picture for the same body, whoever asks. Those who ask are
others each time: two equal calls of one user within a second have one signature.
"""

import uuid
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone
from PIL import Image

from accounts.keys import issue_key
from characters.covers import CoverUnavailable, take_cover
from characters.covers.expiry import delete_expired
from characters.image_config import set_image_config
from characters.models import Cover
from gallery.models import ImageLog
from media import services as media
from media.models import Attachment
from moderation.actors import Actor
from moderation.banks.refusing import refusing
from moderation.cases import claim
from moderation.enums import CaseKind, Priority
from moderation.models import Bank, BankEntry, BankMatch, Case, Decision
from moderation.outbox import deliver
from moderation.services import Request, decide, undo
from tests.factories import case_of, make_character, make_person, make_reason, make_source
from tests.gallery.albums import Gallery
from tests.generation.signing import CHAT, COVER, MAN
from tests.generation.test_cover import picture_in
from tests.media import samples
from tests.servers import WebServer
from upstream.generation import work
from upstream.models import GenerationRequest
from upstream.sandbox import credentials
from upstream.sandbox.process import SandboxProcess
from upstream.sandbox.workflows import TEXT_TO_IMAGE

TEXT = "a lighthouse among hills"
REFUSED = (10400, False, "Image refused: violence", {"reason": "violence"})


@pytest.fixture(scope="module")
def process():
    with SandboxProcess(images=0, characters=5, assets=0) as running:
        yield running


@pytest.fixture
def drawing(process, platform, ada):
    """A client of a server whose pictures come from the sandbox's platform."""
    process.control(faults=[], generation_seconds=0, reset=True)
    make_source(
        kind="generation", base_url=process.url, backend="open-platform", per_second=1000.0,
        key=credentials.SIGNED_KEY, secret=credentials.SIGNED_SECRET, options={"timeout": 20},
    )  # fmt: skip
    ada.user_id = f"user-{uuid.uuid4()}"
    return ada


@pytest.fixture
def agent(process, transactional_db):
    """A character of the sandbox with which it draws chat images."""
    for row in httpx.get(f"{process.url}/characters/public?limit=100").json()["items"]:
        made = make_character(upstream_id=row["id"], author_id="author")
        set_image_config(character=made, comfy_prompt=TEXT_TO_IMAGE)
    return row["id"]


def bank_of(slug="partners", **fields):
    make_reason("violence")
    fields = {"action": "reject", "reason": "violence", "sample_percent": 0, **fields}
    return Bank.objects.create(slug=slug, **fields)


def know(bank, subject, *, by="pdq"):
    """The bank knows the picture of the subject."""
    file = Attachment.objects.select_related("file__fingerprint").get(subject_id=subject.pk).file
    known = {"pdq": bytes(file.fingerprint.pdq)} if by == "pdq" else {"sha256": bytes(file.sha256)}
    BankEntry.objects.create(bank=bank, key=uuid.uuid4(), label="march", **known)


def told(answer):
    assert set(answer) == {"code", "success", "message", "data", "traceId", "timestamp"}
    return answer["code"], answer["success"], answer["message"], answer["data"]


def ask(client, agent, **how):
    fields = {"agentId": agent, "conversationId": "c-1", "text": TEXT}
    return client.post(CHAT, fields, **how).json()


def another(**how):
    return {"user_id": f"user-{uuid.uuid4()}", **how}


def newest(model):
    return model.objects.order_by("-pk")[0]


@pytest.mark.parametrize("by", ["pdq", "sha256"])
def test_a_cover_that_is_known_is_refused_kept_and_first_in_the_queue(drawing, by):
    picture_in(drawing.cover())
    know(bank_of(), Cover.objects.get(), by=by)
    sent = drawing.post(COVER, MAN, **another())
    assert sent.status_code == 200 and told(sent.json()) == REFUSED

    cover = newest(Cover)
    assert Cover.objects.count() == 2 and cover.review_status == "rejected"
    assert Attachment.objects.get(subject_id=cover.pk).file is not None
    case = case_of(cover)
    assert (case.queue, case.kind, case.priority) == ("covers", CaseKind.SECOND_LOOK, Priority.TOP)
    assert case.why == ["known_picture", "partners · march · 0"]
    decision = Decision.objects.get(subject_id=cover.pk)
    assert (decision.actor_name, decision.reason) == ("bank:partners", "violence")
    taken = claim(user=make_person("mo", role="moderator"), queue="covers", limit=1)
    assert [one.subject_id for one in taken] == [cover.pk]


def test_a_retry_gets_the_same_answer_also_when_the_bank_has_changed_its_mind(drawing):
    picture_in(drawing.cover())
    bank = bank_of()
    know(bank, Cover.objects.get())
    retry = another(request_id="again")
    first = drawing.cover(**retry)
    assert told(first) == REFUSED
    lead = Actor.person(make_person("lea", role="lead"))
    undo(batch=BankMatch.objects.get().batch, actor=lead)
    Bank.objects.update(active=False)

    assert drawing.cover(**retry) == first
    assert newest(Cover).review_status == "pending"
    assert Cover.objects.count() == 2
    picture_in(drawing.cover(**another()))


def test_a_chat_image_that_is_known_is_refused_without_its_prompt(drawing, agent):
    picture_in(ask(drawing, agent))
    know(bank_of(), ImageLog.objects.get())
    retry = another(request_id="again")
    answer = ask(drawing, agent, **retry)
    assert told(answer) == REFUSED
    assert ask(drawing, agent, **retry) == answer

    image, request = newest(ImageLog), GenerationRequest.objects.order_by("-pk")[0]
    assert ImageLog.objects.count() == 2 and image.review_status == "rejected"
    case = case_of(image)
    assert (case.queue, case.kind, case.priority) == ("images", CaseKind.SECOND_LOOK, Priority.TOP)
    assert "partners · march · 0" in case.why
    assert (request.pk, request.state, request.parameters) == (image.pk, "refused", {})
    assert request.error == "violence: partners · march · 0"
    assert TEXT not in str(request.answer) and "base64" not in str(request.answer)


def test_what_people_rejected_here_is_refused_when_their_bank_rejects(drawing):
    bank_of("own", own=True, turned=True)
    picture_in(drawing.cover())
    lead = Actor.person(make_person("lea", role="lead"))
    decide(
        requests=[Request("reject", subject=Cover.objects.get().subject_key, reason="violence")],
        actor=lead,
    )
    while deliver():
        pass

    assert told(drawing.cover(**another())) == REFUSED
    assert case_of(newest(Cover)).why == ["known_picture", "own · violence · 0"]


@pytest.mark.parametrize(
    "fields",
    [{"action": "first", "reason": ""}, {"action": "mark", "reason": ""}, {"active": False}],
    ids=["first", "mark", "off"],
)
def test_a_bank_that_does_not_reject_keeps_nothing_back(drawing, fields):
    picture_in(drawing.cover())
    know(bank_of(**fields), Cover.objects.get())
    picture_in(drawing.cover(**another()))

    assert newest(Cover).review_status == "pending"
    assert not GenerationRequest.objects.exclude(state="done").exists()


def test_another_picture_is_handed_out(drawing):
    picture_in(drawing.cover())
    know(bank_of(), Cover.objects.get())
    picture_in(drawing.cover({"ethnicity": "African"}, **another()))
    assert Case.objects.filter(subject_id=newest(Cover).pk, kind=CaseKind.FIRST_LOOK).exists()


def test_a_refused_picture_that_no_rule_may_reject_waits_for_people_and_does_not_expire(drawing):
    picture_in(drawing.cover())
    know(bank_of(reason="forgotten"), Cover.objects.get())
    answer = drawing.cover(**another())
    assert told(answer) == (10400, False, "Image refused: forgotten", {"reason": "forgotten"})

    cover = newest(Cover)
    assert cover.review_status == "pending"
    assert "known_picture" in case_of(cover).why
    Cover.objects.update(expires_at=timezone.now())
    assert delete_expired() == 1
    assert Cover.objects.get() == cover
    assert media.read_bytes(
        attachment_id=Attachment.objects.get(subject_id=cover.pk).pk, variant="original"
    )


@pytest.mark.django_db(transaction=True)
def test_a_refusal_is_logged_with_what_the_picture_is_like_and_not_with_what_was_asked(caplog):
    key = issue_key(user=make_person("ada"), scopes=["generation"], signed=True).key
    now, number = timezone.now(), uuid.uuid4().hex[-12:]
    asked = {"options": {**MAN, "hairStyle": "unheard of"}, "reference": None}
    # The placeholder of a request is drawn from the end of its id.
    ids = [uuid.UUID(f"00000000-0000-7000-8000-{number}"), uuid.UUID(f"{1:020x}{number}")]
    for each in ids:
        GenerationRequest.objects.create(
            pk=each, kind="cover", key=key, user_id="u", request_id=each.hex, digest=b"x",
            parameters=asked, due_at=now, created_at=now, answer_by=now + timedelta(minutes=1),
        )  # fmt: skip
    work.run(ids[0])
    know(bank_of(), Cover.objects.get())
    with caplog.at_level("INFO"):
        work.run(ids[1])

    request = GenerationRequest.objects.get(pk=ids[1])
    assert (request.state, request.error) == ("refused", "violence: partners · march · 0")
    assert f"generation {ids[1]}: the picture was refused: {request.error}" in caplog.text
    assert "unheard of" not in caplog.text


@pytest.mark.django_db
def test_a_flat_picture_is_known_by_its_bytes_alone():
    flat, other = (
        media.prepare_bytes(data=samples.encoded(Image.new("RGB", (300, 200), colour), "PNG"))
        for colour in ("red", "blue")
    )
    assert flat.hashed is not None and flat.hashed.is_flat
    BankEntry.objects.create(bank=bank_of(), key=uuid.uuid4(), sha256=flat.sha256)

    hit = refusing(flat)
    assert hit is not None and (hit.bank, hit.distance, hit.reason) == ("partners", 0, "violence")
    assert refusing(other) is None


def test_a_refused_cover_is_not_taken_by_a_character(drawing):
    picture_in(drawing.cover())
    know(bank_of(), Cover.objects.get())
    assert told(drawing.cover(**another())) == REFUSED
    with pytest.raises(CoverUnavailable):
        take(newest(Cover), drawing)


@pytest.mark.parametrize("reason", ["forgotten", "violence"])
def test_a_refused_chat_image_is_in_no_album_before_a_person_approves_it(drawing, agent, reason):
    """Neither when no rule could reject it nor when its rejection was undone, also where pending
    pictures are shown."""
    picture_in(ask(drawing, agent))
    harmless = ImageLog.objects.get()
    know(bank_of(reason=reason), harmless)
    assert told(ask(drawing, agent, **another()))[2] == f"Image refused: {reason}"
    lea = Actor.person(make_person("lea", role="lead"))
    if reason == "violence":
        undo(batch=BankMatch.objects.get().batch, actor=lea)
    refused = newest(ImageLog)
    assert refused.review_status == "pending"

    with WebServer(GALLERY_MODERATION="post", threads=4) as server:
        album = Gallery(server.url)
        assert album.ids(agent) == [str(harmless.pk)]
        for action in ("approve", "reopen"):
            request = Request(action, subject=refused.subject_key, note="seen")
            decide(requests=[request], actor=lea)
            shown = [str(refused.pk)] if action == "approve" else []
            assert album.ids(agent) == [*shown, str(harmless.pk)]


def test_a_refused_cover_is_taken_only_once_a_person_approved_it(drawing):
    picture_in(drawing.cover())
    know(bank_of(), Cover.objects.get())
    assert told(drawing.cover(**another())) == REFUSED
    cover, lea = newest(Cover), Actor.person(make_person("lea", role="lead"))
    undo(batch=BankMatch.objects.get().batch, actor=lea)
    assert newest(Cover).review_status == "pending"
    with pytest.raises(CoverUnavailable):
        take(cover, drawing)

    decide(requests=[Request("approve", subject=cover.subject_key)], actor=lea)
    assert take(cover, drawing) == cover


def take(cover, drawing):
    return take_cover(
        cover_id=str(cover.pk), owner=drawing.row.user,
        character=make_character(source=None, upstream_id=uuid.uuid4().hex),
    )  # fmt: skip
