"""Calls that wait: bounded, answered in time, and never made twice, whatever dies."""

import io
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta

import httpx
import psutil
import pytest
from django.db import connection
from django.utils import timezone
from PIL import Image

from characters.image_config import set_image_config
from characters.models import Cover
from gallery.models import ImageLog
from media import services as media
from media.models import Attachment
from tests.factories import make_character, make_source
from tests.generation.signing import CHAT, Signing
from tests.generation.test_cover import picture_in
from tests.generation.workers import Worker
from tests.ground.processes import eventually
from tests.servers import WebServer
from upstream.generation import work
from upstream.models import GenerationRequest
from upstream.sandbox import credentials
from upstream.sandbox.process import SandboxProcess
from upstream.sandbox.workflows import TEXT_TO_IMAGE

WAITERS = 3


@pytest.fixture(scope="module")
def process():
    with SandboxProcess(images=0, characters=5, assets=0) as running:
        yield running


@pytest.fixture
def sandbox(process):
    process.control(faults=[], generation_seconds=0, comfyui="", reset=True)
    yield process
    process.control(generation_seconds=0)


@pytest.fixture(scope="module")
def hurried(django_db_setup, broker):
    """A web server that waits a few seconds only, for few callers."""
    environment = {"COVER_SECONDS": "4", "CHAT_IMAGE_SECONDS": "4"}
    with WebServer(
        threads=16, CELERY_BROKER_URL=broker, GENERATION_WAITERS=str(WAITERS), **environment
    ) as running:
        yield running


@pytest.fixture
def cleo(hurried, transactional_db):
    return Signing.of("cleo", hurried.url)


@pytest.fixture
def mira(transactional_db):
    character = make_character(upstream_id="mira")
    set_image_config(character=character, comfy_prompt=TEXT_TO_IMAGE)
    return character


@pytest.fixture
def alone(broker, transactional_db):
    """A broker's database that no other worker of the suite reads, and a client of a web server
    that sends there."""
    address, _, number = broker.rpartition("/")
    own = f"{address}/{int(number) + 6}"
    with WebServer(threads=8, CELERY_BROKER_URL=own) as web:
        yield own, Signing.of("ada", web.url)


def source_at(sandbox, backend, **fields):
    return make_source(
        backend, kind="generation", base_url=sandbox if isinstance(sandbox, str) else sandbox.url,
        backend=backend, key=credentials.SIGNED_KEY, secret=credentials.SIGNED_SECRET,
        per_second=1000.0, is_default=True, **fields,
    )  # fmt: skip


def ask(client, **how):
    body = {"agentId": "mira", "conversationId": "c", "text": how.pop("text", "secret hills")}
    return client.post(CHAT, body, **how).json()


def state(**where):
    return GenerationRequest.objects.get(**where).state


def test_an_answer_comes_as_soon_as_the_worker_has_it(platform, ada, sandbox):
    source_at(sandbox, "open-platform")
    sandbox.control(generation_seconds=1)
    picture_in(ada.cover())


def test_comfyuis_prompt_reaches_neither_the_user_nor_our_storage(platform, ada, mira, sandbox):
    source_at(sandbox, "comfyui")
    answer = ask(ada, text="my secret hills")
    image = picture_in(answer)
    assert not image.info
    raw = sandbox._http.get("/view?filename=" + _last_file(sandbox)).content
    assert b"my secret hills" in raw
    row = Attachment.objects.get(subject_id=ImageLog.objects.get().pk)
    kept = media.read_bytes(attachment_id=row.pk, variant="original")
    assert b"secret" not in kept
    with Image.open(io.BytesIO(kept)) as stored:
        assert not stored.info
    assert not row.file.clean_mime, "the bytes in the storage are the ones without metadata"


def _last_file(sandbox):
    request = GenerationRequest.objects.get()
    return f"{request.backend_id}_00001_.png"


@pytest.mark.parametrize("backend", ["open-platform", "comfyui"])
def test_a_dead_backend_is_10500_at_once(platform, ada, mira, backend):
    source_at("http://127.0.0.1:9", backend)
    answer = ask(ada)
    assert (answer["code"], answer["message"]) == (10500, "Generation failed: connect")
    request = GenerationRequest.objects.get()
    assert request.state == "failed" and "secret hills" not in request.error


def test_what_is_wrong_with_a_workflow_is_10500_by_its_name(platform, ada, mira, sandbox):
    set_image_config(character=mira, comfy_prompt={"9": {"class_type": "SaveImage", "inputs": {}}})
    source_at(sandbox, "comfyui")
    answer = ask(ada)
    assert (answer["code"], answer["message"]) == (10500, "Generation failed: invalid_prompt")


@contextmanager
def black_hole():
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held, stop = [], threading.Event()

        def hold():
            while not stop.is_set():
                try:
                    held.append(listener.accept())
                except OSError:
                    return

        threading.Thread(target=hold, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        stop.set()
        for connection_, _ in held:
            connection_.close()


def test_a_backend_that_never_answers_is_10500_in_time(hurried, generation_worker, cleo, mira):
    with black_hole() as url:
        source_at(url, "open-platform")
        answer = ask(cleo)
        assert (answer["code"], answer["message"]) == (10500, "Generation timed out")


def test_without_a_broker_and_a_worker_a_call_is_10500_in_time_and_ends(transactional_db, mira):
    unreachable = "redis://127.0.0.1:9/0"
    with WebServer(threads=8, CHAT_IMAGE_SECONDS="2", CELERY_BROKER_URL=unreachable) as web:
        answer = ask(Signing.of("lost", web.url))
    assert (answer["code"], answer["message"]) == (10500, "Generation timed out")
    GenerationRequest.objects.update(due_at=timezone.now())
    assert work.revive() == []
    request = GenerationRequest.objects.get()
    assert (request.state, request.parameters) == ("failed", {})


def test_a_picture_that_comes_too_late_is_kept_and_a_retry_gets_it(
    hurried, generation_worker, cleo, mira, sandbox
):
    source_at(sandbox, "open-platform")
    sandbox.control(generation_seconds=6)
    late = cleo.cover(request_id="late")
    assert (late["code"], late["message"]) == (10500, "Generation timed out")
    assert eventually(Cover.objects.exists, seconds=60)
    picture_in(cleo.cover(request_id="late"))
    assert sandbox.stats()["requests"]["POST /v1/agent/cover"] == 1


def test_more_callers_than_may_wait_are_told_and_the_rest_of_the_site_answers(
    hurried, generation_worker, cleo, mira, sandbox
):
    source_at(sandbox, "comfyui")
    sandbox.control(generation_seconds=2)
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(ask, cleo, text=f"hills {n}", timeout=60) for n in range(8)]
        assert eventually(lambda: GenerationRequest.objects.count() >= WAITERS, seconds=30)
        assert httpx.get(f"{hurried.url}/healthz", timeout=10).status_code == 200
        answers = [call.result() for call in calls]
    busy = [each for each in answers if each["message"].startswith("Too many requests")]
    assert {each["code"] for each in busy} == {10400}
    assert len(busy) == 8 - GenerationRequest.objects.count() >= 1
    # Those who came too late stored nothing, and nothing was counted for them.
    assert all(each["message"] != "Generation failed" for each in answers)
    picture_in(ask(cleo, text="after all"))


def test_waiting_callers_hold_no_database_connection(
    hurried, generation_worker, cleo, mira, sandbox
):
    source_at(sandbox, "comfyui")
    sandbox.control(generation_seconds=3)
    with ThreadPoolExecutor(WAITERS) as pool:
        calls = [pool.submit(ask, cleo, text=f"hills {n}", timeout=60) for n in range(WAITERS)]
        assert eventually(
            lambda: GenerationRequest.objects.exclude(backend_id="").count() == WAITERS, seconds=30
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND state LIKE 'idle in transaction%%'"
            )
            assert cursor.fetchone()[0] == 0
        for call in calls:
            call.result()


def test_whoever_waits_is_answered_though_the_listening_connection_was_cut(
    platform, ada, mira, sandbox
):
    # This server would wait for nearly two minutes: nobody asks for so long here.
    source_at(sandbox, "comfyui")
    sandbox.control(generation_seconds=3)
    with ThreadPoolExecutor(WAITERS) as pool:
        calls = [pool.submit(ask, ada, text=f"hills {n}", timeout=60) for n in range(WAITERS)]
        assert eventually(cut_the_listeners, seconds=30)
        answers = [call.result() for call in calls]
    for answer in answers:
        picture_in(answer)


def cut_the_listeners() -> int:
    """Ends the database connections that listen for ended generations; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND (query LIKE 'LISTEN%' OR query LIKE '%generationrequest WHERE id = ANY%')"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("backend", ["open-platform", "comfyui"])
def test_what_a_killed_worker_had_is_taken_up_and_generated_once(alone, mira, sandbox, backend):
    own_broker, ada = alone
    source_at(sandbox, backend)
    sandbox.control(generation_seconds=3)
    route = "POST /prompt" if backend == "comfyui" else "POST /v1/agent/cover"
    call = ask if backend == "comfyui" else lambda client, **how: client.cover(**how)
    with Worker(own_broker) as first, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(call, ada, request_id="once", timeout=120)
        assert eventually(lambda: sandbox.stats()["requests"].get(route), seconds=60)
        if backend == "comfyui":
            assert eventually(
                lambda: GenerationRequest.objects.exclude(backend_id="").exists(), seconds=30
            )
        first.kill()
        assert state() == "working"
        assert work.revive() == [], "its lease has not ended"
        GenerationRequest.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        (request_id,) = work.revive()
        with Worker(own_broker) as second:
            second.send(request_id)
            picture_in(waiting.result())
    request = GenerationRequest.objects.get()
    assert (request.state, request.attempts) == ("done", 2)
    if backend == "comfyui":
        assert sandbox.stats()["requests"][route] == 1
    else:
        # The same X-Request-ID: the platform gives the picture that it has.
        assert Cover.objects.count() == 1


@pytest.mark.django_db
def test_what_was_tried_too_often_is_given_up(ada, mira):
    request = GenerationRequest.objects.create(
        kind="cover", key=ada.row, user_id="u", request_id="r", digest=b"x", state="working",
        attempts=work.MAX_ATTEMPTS, due_at=timezone.now(), created_at=timezone.now(),
        answer_by=timezone.now() + timedelta(minutes=5),
    )  # fmt: skip
    assert work.revive() == []
    request.refresh_from_db()
    assert (request.state, request.answer["code"]) == ("failed", 10500)


def test_two_equal_calls_at_once_are_one_generation(platform, ada, mira, sandbox):
    source_at(sandbox, "comfyui")
    sandbox.control(generation_seconds=1)
    headers = [ada.headers(CHAT, {"agentId": "mira", "conversationId": "c", "text": "twins"},
                           request_id="twin") for _ in range(4)]  # fmt: skip
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda sent: ask(ada, text="twins", headers=sent), headers))
    assert all(answer == answers[0] for answer in answers)
    assert ImageLog.objects.count() == 1
    assert sandbox.stats()["requests"]["POST /prompt"] == 1


def test_a_web_server_that_dies_while_it_waits_loses_nothing(
    broker, generation_worker, django_db_setup, transactional_db, mira, sandbox
):
    source_at(sandbox, "comfyui")
    sandbox.control(generation_seconds=2)
    with WebServer(threads=8, CELERY_BROKER_URL=broker) as doomed, ThreadPoolExecutor(1) as pool:
        gone = Signing.of("gone", doomed.url)
        broken = pool.submit(ask, gone, request_id="r", timeout=60)
        assert eventually(GenerationRequest.objects.exists, seconds=30)
        family = psutil.Process(doomed.process.pid).children(recursive=True)
        doomed.kill()
        for child in family:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        with pytest.raises(httpx.HTTPError):
            broken.result()
        # It may have died before it told a worker; then beat does.
        GenerationRequest.objects.filter(state="waiting").update(due_at=timezone.now())
        for request_id in work.revive():
            generation_worker.send(request_id)
        assert eventually(ImageLog.objects.exists, seconds=60)
        doomed.start()
        picture_in(ask(gone, request_id="r"))
