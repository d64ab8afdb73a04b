"""Chat images over real HTTP with a real worker: fields, the agent, the log, the policy."""

import json

import httpx
import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.utils import timezone

from characters.image_config import set_image_config
from characters.models import ImageConfig
from gallery.models import ImageLog
from media.models import Attachment
from moderation.enums import Severity, TermAction
from moderation.models import Case, OutboxEvent
from moderation.outbox import deliver
from moderation.words import find_terms
from tests.factories import case_of, make_character, make_person, make_source
from tests.generation.signing import CHAT
from tests.generation.test_cover import picture_in
from tests.moderation.test_words import add as add_term
from upstream.models import GenerationRequest
from upstream.sandbox.workflows import TEXT_TO_IMAGE

TEXT = "一个穿着红色连衣裙的女孩站在樱花树下"


@pytest.fixture
def mira(transactional_db):
    """A public character with an image configuration."""
    character = make_character(upstream_id="mira", author_id="author")
    set_image_config(character=character, comfy_prompt=TEXT_TO_IMAGE)
    return character


def ask(client, how=None, **changes):
    fields = {"agentId": "mira", "conversationId": "conv-1", "text": TEXT, **changes}
    sent = {name: value for name, value in fields.items() if value is not None}
    return client.post(CHAT, sent, **(how or {})).json()


def test_a_chat_image_is_a_picture_and_a_pending_log(platform, ada, mira):
    answer = ask(ada, {"request_id": "request-1"}, language="zh")
    assert (answer["code"], answer["message"]) == (10200, "OK")
    assert set(answer["data"]) == {"base64Image", "metadata"}
    assert answer["data"]["metadata"] == {}
    picture_in(answer)
    image = ImageLog.objects.get()
    assert image.review_status == "pending"
    assert (image.user_id, image.archive_id) == (ada.user_id, "conv-1")
    assert (image.message_id, image.character_id) == ("request-1", "mira")
    assert image.details.get().prompt == TEXT
    assert (case_of(image).queue, case_of(image).ready) == ("images", True)
    assert Attachment.objects.get(subject_id=image.pk).file is not None
    request = GenerationRequest.objects.get()
    assert (request.state, request.parameters) == ("done", {})
    assert TEXT not in json.dumps(request.answer, ensure_ascii=False)


@pytest.mark.parametrize(
    "metadata",
    [
        {"b": 1, "a": [1.50, -0, 1e3, True, None, "你好 "]},
        {"deep": {"z": {}, "a": []}, "emoji": "🎨", "quote": '"\\'},
        {"nul": "\0", "big": 123456789012345678901234567890},
    ],
)
def test_metadata_comes_back_as_it_was_sent(platform, ada, mira, metadata):
    fields = {"agentId": "mira", "conversationId": "c", "text": "hills", "metadata": metadata}
    answer = ada.post(CHAT, fields)
    assert answer.json()["success"], answer.json()
    sent = json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))
    assert f'"metadata":{sent}' in answer.text


@pytest.mark.parametrize("name", ["agentId", "conversationId", "text"])
def test_fields_are_checked_before_the_agent_is_looked_up(ada, name):
    for value in (None, "", "  \n ", 7, ["x"], {"a": 1}):
        answer = ask(ada, **{"agentId": "nobody", name: value})
        assert (answer["code"], answer["message"]) == (10400, f"{name} is required")
    most = 4000 if name == "text" else 255
    answer = ask(ada, **{"agentId": "nobody", name: "x" * (most + 1)})
    assert (answer["code"], answer["message"]) == (10400, f"{name} is too long")
    answer = ask(ada, **{"agentId": "nobody", name: "a\0b"})
    assert (answer["code"], answer["message"]) == (10400, f"{name} is invalid")
    answer = ask(ada, **{"agentId": "nobody", name: "x" * most})
    assert answer["code"] == 10404


@pytest.mark.parametrize(
    ("name", "value"), [("metadata", []), ("metadata", "x"), ("language", 7), ("language", "x y")]
)
def test_the_optional_fields_have_forms_too(ada, name, value):
    answer = ask(ada, agentId="nobody", **{name: value})
    assert (answer["code"], answer["message"]) == (10400, f"{name} is invalid")


def test_half_a_surrogate_pair_is_refused(ada, mira):
    body = b'{"agentId":"mira","conversationId":"c","text":"\\ud800"}'
    headers = ada.headers(CHAT, {"agentId": "mira", "conversationId": "c", "text": "\ud800"})
    answer = ada.send(CHAT, body, headers).json()
    assert (answer["code"], answer["message"]) == (10400, "text is invalid")


def test_an_agent_goes_by_our_id_and_the_upstreams(platform, ada, mira):
    assert ask(ada, agentId=str(mira.pk))["success"]
    assert ImageLog.objects.get().character_id == "mira"


@pytest.mark.parametrize(
    "fields",
    [
        {"review_status": "rejected"},
        {"review_status": "purged"},
        {"hidden": True},
        {"held": True},
        {"deleted_at": "now"},
        {"is_public": False},
    ],
)
def test_what_is_not_to_be_seen_is_not_drawn(ada, fields):
    if "deleted_at" in fields:
        fields = {"deleted_at": timezone.now()}
    character = make_character(upstream_id="gone", author_id="author", **fields)
    set_image_config(character=character, comfy_prompt=TEXT_TO_IMAGE)
    for agent in ("gone", str(character.pk)):
        answer = ask(ada, agentId=agent)
        assert (answer["code"], answer["message"]) == (10404, "Agent not found")
    assert not GenerationRequest.objects.exists()


def test_a_private_agent_is_its_authors(platform, ada, ben):
    character = make_character(upstream_id="mine", author_id=ada.user_id, is_public=False)
    set_image_config(character=character, comfy_prompt=TEXT_TO_IMAGE)
    assert ask(ada, agentId="mine")["success"]
    assert ask(ben, agentId="mine")["message"] == "Agent not found"


def test_a_key_of_one_source_knows_no_agents_of_another(platform, ada):
    one, two = make_source("one", kind="characters"), make_source("two", kind="characters")
    set_image_config(
        character=make_character(source=one, upstream_id="x"), comfy_prompt=TEXT_TO_IMAGE
    )
    type(ada.row).objects.filter(pk=ada.row.pk).update(source=two.name)
    assert ask(ada, agentId="x")["message"] == "Agent not found"
    type(ada.row).objects.filter(pk=ada.row.pk).update(source=one.name)
    assert ask(ada, agentId="x")["success"]


def test_an_agent_without_a_configuration_is_10400(ada):
    make_character(upstream_id="plain")
    answer = ask(ada, agentId="plain")
    assert (answer["code"], answer["message"]) == (10400, "Agent missing image generation config")


def test_a_refused_prompt_generates_nothing_and_is_logged_without_its_text(ada, mira):
    add_term("forbidden hills", action=TermAction.REFUSE, severity=Severity.HIGH)
    how = {"request_id": "refused-1"}
    answer = ask(ada, how, text="The  F\u200borbidden HILLS, please")
    assert answer["code"] == 10400
    reason = answer["data"]["reason"]
    assert reason and answer["message"] == f"Prompt refused: {reason}"
    request = GenerationRequest.objects.get()
    assert (request.state, request.error, request.parameters) == ("refused", reason, {})
    again = ask(ada, how, text="The  F\u200borbidden HILLS, please")
    assert again == answer
    assert not ImageLog.objects.exists()


def test_a_prompt_with_words_to_queue_is_drawn_and_its_case_comes_sooner(platform, ada, mira):
    add_term("steep hills", action=TermAction.QUEUE, severity=Severity.HIGH)
    assert ask(ada, text="very steep hills")["success"]
    while deliver():
        pass
    case = Case.objects.get(subject_type="gallery.imagelog")
    assert "flagged_text" in case.why and case.priority >= 90
    assert not OutboxEvent.objects.filter(delivered_at=None).exists()


@pytest.mark.django_db
def test_the_pages_own_example_is_not_against_the_first_word_list():
    assert find_terms([TEXT]) == [[]]


def test_the_picture_is_logged_although_its_caller_has_gone(platform, ada, mira):
    from tests.ground.processes import eventually

    fields = {"agentId": "mira", "conversationId": "c", "text": "slow hills"}
    with pytest.raises(httpx.ReadTimeout):
        ada.post(CHAT, fields, timeout=0.05)
    assert eventually(ImageLog.objects.exists, seconds=60)


BAD = {
    "no object": [],
    "empty": {},
    "the editor's form": {"nodes": [], "links": []},
    "a node of text": {"1": "KSampler"},
    "no class_type": {"1": {"inputs": {}}},
    "an empty class_type": {"1": {"class_type": " ", "inputs": {}}},
    "no inputs": {"1": {"class_type": "KSampler"}},
    "not storable": {"1": {"class_type": "x", "inputs": {"text": "a\0b"}}},
    "huge": {"1": {"class_type": "x", "inputs": {"text": "x" * 1_100_000}}},
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", BAD)
def test_a_workflow_that_is_none_is_refused_wherever_it_is_saved(name, tmp_path, client):
    character = make_character(upstream_id="mira")
    with pytest.raises(ValidationError):
        set_image_config(character=character, comfy_prompt=BAD[name])
    path = tmp_path / "workflow.json"
    path.write_text(json.dumps(BAD[name]))
    with pytest.raises(CommandError):
        call_command("setimageconfig", "mira", str(path))
    client.force_login(make_person("olu", role="operator"))
    fields = {"character": str(character.pk), "comfy_prompt": json.dumps(BAD[name]), "source": ""}
    answer = client.post("/admin/characters/imageconfig/add/", fields)
    assert answer.status_code == 200 and answer.context["adminform"].errors
    assert not ImageConfig.objects.exists()


@pytest.mark.django_db
def test_the_command_sets_a_workflow_by_either_id(tmp_path, capsys):
    character = make_character(upstream_id="mira", name="Mira")
    path = tmp_path / "workflow.json"
    path.write_text(json.dumps(TEXT_TO_IMAGE))
    call_command("setimageconfig", "mira", str(path))
    assert f"workflow of {len(TEXT_TO_IMAGE)} nodes" in capsys.readouterr().out
    assert ImageConfig.objects.get(character=character).comfy_prompt == TEXT_TO_IMAGE
    path.write_text(json.dumps({"1": {"class_type": "x", "inputs": {}}}))
    call_command("setimageconfig", str(character.pk), str(path))
    assert len(ImageConfig.objects.get().comfy_prompt) == 1
    for arguments, message in (
        (("nobody", str(path)), "There is no character nobody"),
        (("mira", str(tmp_path / "none.json")), "Cannot read"),
    ):
        with pytest.raises(CommandError, match=message):
            call_command("setimageconfig", *arguments)
    path.write_text("{")
    with pytest.raises(CommandError, match="is not JSON"):
        call_command("setimageconfig", "mira", str(path))


@pytest.mark.django_db
def test_operators_edit_workflows_in_the_admin_and_others_read_them(client):
    character = make_character(upstream_id="mira")
    client.force_login(make_person("olu", role="operator"))
    fields = {
        "character": str(character.pk),
        "comfy_prompt": json.dumps(TEXT_TO_IMAGE),
        "source": "",
    }
    answer = client.post("/admin/characters/imageconfig/add/", fields)
    assert answer.status_code == 302, answer.context["adminform"].errors
    assert client.get("/admin/characters/imageconfig/").status_code == 200
    change = f"/admin/characters/imageconfig/{character.pk}/change/"
    assert client.get(change).status_code == 200
    client.force_login(make_person("vic", role="viewer"))
    assert client.get(change).status_code == 200
    assert client.get("/admin/characters/imageconfig/add/").status_code == 403
