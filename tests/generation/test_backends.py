"""Each backend over real HTTP to the sandbox: pictures, faults, errors without the prompt."""

import io
import socket
import threading
import time

import pytest
import time_machine
from PIL import Image

from tests.factories import make_source
from upstream.generation.backends import ChatImageJob, CoverJob, GenerationFailed
from upstream.generation.choosing import backend_of, choose_source
from upstream.sandbox import credentials
from upstream.sandbox.process import SandboxProcess
from upstream.sandbox.workflows import TEXT_TO_IMAGE

pytestmark = pytest.mark.django_db
OPTIONS = {
    "gender": "female", "age": "18-25", "ethnicity": "Asian", "bodyType": "Slim",
    "breastSize": "Medium", "buttSize": "Medium", "hairColor": "black", "hairStyle": "Long",
}  # fmt: skip
SECRET = "a very secret wish"
BACKENDS = ["", "sandbox", "open-platform", "comfyui"]


@pytest.fixture(scope="module")
def process():
    with SandboxProcess(images=0, characters=5, assets=0) as running:
        yield running


@pytest.fixture
def sandbox(process):
    process.control(faults=[], generation_seconds=0, comfyui="", reset=True)
    return process


@pytest.fixture
def source_of(sandbox):
    def make(backend, url="", **options):
        if not backend:
            return None
        return make_source(
            backend, kind="generation", base_url=url or sandbox.url, backend=backend,
            key=credentials.SIGNED_KEY, secret=credentials.SIGNED_SECRET, per_second=1000.0,
            options={"cover_workflow": TEXT_TO_IMAGE, "timeout": 5, **options},
        )  # fmt: skip

    return make


def cover_job(**fields):
    return CoverJob(**{
        "id": f"{time.time_ns():032x}", "user_id": "u", "seconds": 20.0, "text": SECRET,
        "options": OPTIONS, **fields,
    })  # fmt: skip


def chat_job(agent="agent", **fields):
    return ChatImageJob(**{
        "id": f"{time.time_ns():032x}", "user_id": "u", "seconds": 20.0, "text": SECRET,
        "agent_id": agent, "conversation_id": "c", "language": "en", "workflow": TEXT_TO_IMAGE,
        **fields,
    })  # fmt: skip


def an_agent(sandbox):
    """A public character of the sandbox that has an image configuration."""
    import httpx

    rows = httpx.get(f"{sandbox.url}/characters/public?limit=100").json()
    listed = rows.get("items") or rows.get("data", {}).get("items") or rows["characters"]
    return [row["id"] for row in listed]


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_backend_draws_a_cover(source_of, backend):
    data = backend_of(source_of(backend)).cover(cover_job())
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert image.size == (512, 768)


@pytest.mark.parametrize("backend", ["", "sandbox", "comfyui"])
def test_every_backend_draws_a_chat_image(source_of, backend):
    data = backend_of(source_of(backend)).chat_image(chat_job())
    with Image.open(io.BytesIO(data)) as image:
        image.load()


def test_the_platform_draws_for_its_own_agents(source_of, sandbox):
    backend = backend_of(source_of("open-platform"))
    made, told = 0, set()
    for agent in an_agent(sandbox):
        try:
            backend.chat_image(chat_job(agent))
            made += 1
        except GenerationFailed as refused:
            told.add(refused.code)
    assert made and told <= {"invalid"}
    with pytest.raises(GenerationFailed) as failed:
        backend.chat_image(chat_job("nobody"))
    assert failed.value.code == "not_found"


def test_the_platform_gets_the_jobs_id_and_gives_the_same_picture_again(source_of, sandbox):
    backend, job = backend_of(source_of("open-platform")), cover_job()
    assert backend.cover(job) == backend.cover(job)


def test_whoever_asks_for_the_same_in_the_same_second_is_no_replay(source_of):
    backend, jobs = backend_of(source_of("open-platform")), [cover_job(), cover_job()]
    with time_machine.travel(time.time(), tick=False):
        made = [backend.cover(job) for job in jobs]
    assert all(made)


def test_the_platform_refuses_a_wrong_key_and_is_not_given_references(source_of):
    source = source_of("open-platform")
    with pytest.raises(GenerationFailed) as failed:
        backend_of(source).cover(cover_job(reference=b"x"))
    assert failed.value.code == "reference_unsupported"
    source.secret = "wrong"
    with pytest.raises(GenerationFailed) as failed:
        backend_of(source).cover(cover_job())
    assert failed.value.code == "unauthorized"


def test_comfyui_gets_the_text_and_a_seed_and_its_id_is_kept(source_of, sandbox):
    kept = []
    job = chat_job(keep_id=kept.append)
    first = backend_of(source_of("comfyui")).chat_image(job)
    sent = sandbox.stats()["prompts"][-1]
    assert sent["6"]["inputs"]["text"] == SECRET
    assert sent["3"]["inputs"]["seed"] == job.seed
    # A successor asks for what was queued, and queues nothing.
    count = len(sandbox.stats()["prompts"])
    again = chat_job(id=job.id, backend_id=kept[0])
    assert backend_of(choose_source()).chat_image(again) == first
    assert len(sandbox.stats()["prompts"]) == count


def test_comfyui_is_polled_until_the_picture_is_there_through_transient_faults(source_of, sandbox):
    sandbox.control(generation_seconds=2, faults=["500", "html200", "truncated"], period=2)
    backend_of(source_of("comfyui")).chat_image(chat_job())
    assert sandbox.stats()["requests"]["GET /history/{prompt_id}"] >= 3


LINK_TO_NOWHERE = {
    **TEXT_TO_IMAGE,
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["99", 0]}},
}
REFUSED = {
    "invalid_prompt": {**TEXT_TO_IMAGE, "9": {"class_type": "", "inputs": {}}},
    "prompt_no_outputs": {name: node for name, node in TEXT_TO_IMAGE.items() if name != "9"},
    "prompt_outputs_failed_validation": LINK_TO_NOWHERE,
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_comfyui_refuses_is_told_by_its_type_and_never_by_the_prompt(source_of, code):
    with pytest.raises(GenerationFailed) as failed:
        backend_of(source_of("comfyui")).chat_image(chat_job(workflow=REFUSED[code]))
    assert failed.value.code == code
    assert SECRET not in str(failed.value)
    if code == "prompt_outputs_failed_validation":
        assert "8 (VAEDecode)" in failed.value.detail


@pytest.mark.parametrize(
    ("way", "code"), [("error", "execution_error"), ("empty", "no_outputs"), ("stuck", "timeout")]
)
def test_comfyui_may_fail_while_it_draws(source_of, sandbox, way, code):
    sandbox.control(comfyui=way)
    interrupted = len(sandbox.stats()["interrupts"])
    with pytest.raises(GenerationFailed) as failed:
        backend_of(source_of("comfyui")).chat_image(chat_job(seconds=1.0))
    assert failed.value.code == code
    assert SECRET not in str(failed.value)
    assert len(sandbox.stats()["interrupts"]) - interrupted == (code == "timeout")


def test_a_workflow_without_a_place_for_text_or_of_no_form_is_invalid(source_of):
    backend = backend_of(source_of("comfyui"))
    for workflow in ({"1": {"class_type": "SaveImage", "inputs": {}}}, {"1": 7}, {"1": {}}):
        with pytest.raises(GenerationFailed) as failed:
            backend.chat_image(chat_job(workflow=workflow))
        assert failed.value.code == "invalid_prompt"


def test_covers_by_comfyui_need_the_sources_workflow(source_of):
    source = source_of("comfyui")
    source.options = {}
    with pytest.raises(GenerationFailed) as failed:
        backend_of(source).cover(cover_job())
    assert failed.value.code == "no_cover_workflow"


@pytest.mark.parametrize("backend", ["open-platform", "comfyui"])
def test_a_server_that_is_not_there_fails_at_once(source_of, backend):
    source = source_of(backend, url="http://127.0.0.1:9")
    for call in (
        lambda: backend_of(source).cover(cover_job()),
        lambda: backend_of(source).chat_image(chat_job()),
    ):
        with pytest.raises(GenerationFailed) as failed:
            call()
        assert failed.value.code == "connect"


@pytest.mark.parametrize("backend", ["open-platform", "comfyui"])
def test_a_source_cannot_lead_elsewhere_in_the_private_network(source_of, backend):
    """A redirect of a POST is refused, and only the source's own host may be private."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def redirect():
        with listener:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(
                    b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://169.254.169.254/\r\n"
                    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
                )

    threading.Thread(target=redirect, daemon=True).start()
    source = source_of(backend, url=f"http://127.0.0.1:{port}")
    with pytest.raises(GenerationFailed) as failed:
        backend_of(source).cover(cover_job())
    assert failed.value.code == "redirect"


def test_the_source_is_the_named_one_the_default_or_the_first():
    assert choose_source() is None
    first, second = make_source(kind="generation"), make_source(kind="generation")
    off = make_source(kind="generation", enabled=False)
    make_source(kind="gallery")
    assert choose_source() == first
    type(second).objects.filter(pk=second.pk).update(is_default=True)
    assert choose_source() == second
    assert choose_source(named_id=first.pk) == first
    assert choose_source(named_id=off.pk) == second
