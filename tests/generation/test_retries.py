"""Replay and retry: a signature is good for one request id, a request id for one request."""

import json
import time

import pytest

from accounts.models import ApiKey, UsedSignature
from accounts.signed import forget_signatures
from characters.models import Cover
from tests.generation.signing import COVER, MAN, Signing
from upstream.models import GenerationRequest
from upstream.tasks import tidy_generations


def test_a_retry_gets_the_stored_answer_and_makes_nothing_new(platform, ada):
    headers = ada.headers(COVER, MAN)
    first = ada.send(COVER, MAN, headers)
    assert first.json()["success"]
    same = ada.send(COVER, MAN, headers)
    assert same.content == first.content
    fresh = ada.post(COVER, MAN, request_id=headers["X-Request-ID"])
    assert fresh.content == first.content
    spaced = json.dumps(MAN, indent=3).encode()
    assert ada.send(COVER, spaced, headers).content == first.content
    assert Cover.objects.count() == GenerationRequest.objects.count() == 1


@pytest.mark.parametrize("seconds", [-10_000, 10_000])
def test_a_retry_is_answered_whatever_its_timestamp(platform, ada, seconds):
    request_id = "request-1"
    first = ada.cover(request_id=request_id)
    assert ada.cover(request_id=request_id, at=int(time.time()) + seconds) == first
    stale = ada.post(COVER, MAN, request_id="request-2", at=int(time.time()) + seconds)
    assert (stale.status_code, stale.json()["message"]) == (401, "Timestamp expired")


def test_a_retry_has_to_be_signed_rightly(platform, ada):
    headers = ada.headers(COVER, MAN)
    assert ada.send(COVER, MAN, headers).json()["success"]
    assert ada.send(COVER, MAN, {**headers, "X-Signature": "0" * 64}).status_code == 401
    assert ada.send(COVER, {**MAN, "gender": "female"}, headers).status_code == 401


def test_a_signature_is_refused_under_another_request_id(platform, ada):
    headers = ada.headers(COVER, MAN)
    assert ada.send(COVER, MAN, headers).json()["success"]
    again = ada.send(COVER, MAN, {**headers, "X-Request-ID": "another"})
    assert again.status_code == 401
    assert again.json()["message"] == "The signature was used before"
    # Also that of a retry, which has a signature of its own.
    retry = ada.headers(COVER, MAN, request_id=headers["X-Request-ID"])
    assert ada.send(COVER, MAN, retry).json()["success"]
    assert ada.send(COVER, MAN, {**retry, "X-Request-ID": "another"}).status_code == 401
    assert Cover.objects.count() == 1


def test_also_when_the_first_was_a_bad_request(ada):
    body = {**MAN, "age": "1"}
    headers = ada.headers(COVER, body)
    assert ada.send(COVER, body, headers).json()["code"] == 10400
    assert ada.send(COVER, body, {**headers, "X-Request-ID": "another"}).status_code == 401
    assert ada.send(COVER, body, headers).json()["code"] == 10400


def test_one_request_id_with_another_body_is_10400(platform, ada):
    assert ada.cover(request_id="request-1")["success"]
    other = ada.cover({"ethnicity": "Asian"}, request_id="request-1")
    assert (other["code"], other["message"]) == (
        10400,
        "X-Request-ID was used for another request",
    )
    elsewhere = ada.post("/v1/chat/image", MAN, request_id="request-1").json()
    assert elsewhere["code"] == 10400


def test_request_ids_belong_to_a_key_and_a_user(platform, ada, ben):
    mine = ada.cover(request_id="request-1")["data"]["coverId"]
    theirs = ben.cover(request_id="request-1")["data"]["coverId"]
    another = ada.cover(request_id="request-1", user_id="another")["data"]["coverId"]
    assert len({mine, theirs, another}) == 3


def test_a_retry_counts_against_no_limit(platform, transactional_db):
    once = Signing.of("once", platform, call_limit=1)
    first = once.cover(request_id="request-1")
    assert first["success"]
    assert once.cover(request_id="request-1") == first
    assert ApiKey.objects.get(pk=once.row.pk).calls == 1
    spent = once.cover(request_id="request-2")
    assert (spent["code"], spent["message"]) == (10400, "API key usage limit reached")
    slow = Signing.of("slow", platform, per_minute=1)
    assert slow.cover(request_id="request-1")["success"]
    answers = [slow.cover() for _ in range(2)]
    assert "Too many requests, please try again later" in {each["message"] for each in answers}


def test_a_limit_comes_before_the_fields(platform, transactional_db):
    none = Signing.of("none", platform, call_limit=0)
    answer = none.post(COVER, {}).json()
    assert (answer["code"], answer["message"]) == (10400, "API key usage limit reached")


@pytest.mark.django_db
def test_old_signatures_and_answers_are_forgotten(platform, ada):
    from datetime import timedelta

    from django.utils import timezone

    assert ada.cover()["success"]
    assert forget_signatures() == 0
    UsedSignature.objects.update(until=timezone.now() - timedelta(seconds=1))
    GenerationRequest.objects.update(ended_at=timezone.now() - timedelta(days=31))
    tidy_generations()
    assert not UsedSignature.objects.exists()
    assert not GenerationRequest.objects.exists()
    assert Cover.objects.exists()
