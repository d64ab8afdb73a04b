"""The sandbox's pictures, good and bad, through the mirror and out of the product's own server."""

import uuid

import httpx
import pytest
from django.db.models import F

from media import services
from media.models import Attachment, File
from tests.media import samples
from tests.servers import WebServer
from upstream.sandbox.process import SandboxProcess

PICTURE_FAULTS = {3: "redirect", 4: "bomb", 5: "pixelbomb", 6: "wrongtype"}


@pytest.mark.django_db
def test_an_album_with_every_fault_is_mirrored_but_for_its_bad_pictures(wanted, settings, notes):
    with SandboxProcess(images=1, faults=tuple(PICTURE_FAULTS.values())) as sandbox:
        settings.MEDIA_ALLOWED_PRIVATE_HOSTS = ["{}:{}".format(*sandbox.host)]
        rows = [wanted(f"{sandbox.url}/media/images/{at}/{at}v1.jpg") for at in range(20)]
        services.mirror_all([row.pk for row in rows])

    errors = {}
    for at, row in enumerate(rows):
        row.refresh_from_db()
        assert row.state == ("failed" if at % 10 in PICTURE_FAULTS else "stored")
        errors[PICTURE_FAULTS.get(at % 10)] = row.error
    assert "no address" in errors["redirect"]
    assert "larger than" in errors["bomb"] or "encoding" in errors["bomb"]
    assert "megapixels" in errors["pixelbomb"]
    assert "web page" in errors["wrongtype"]
    assert len(notes.told) == 20


@pytest.mark.django_db(transaction=True)
def test_the_products_server_gives_bytes_and_stops_with_the_epoch(notes):
    clip = services.store_bytes(data=samples.video(), subject_type="a.b", subject_id=uuid.uuid4())
    with WebServer(threads=4) as server, httpx.Client(trust_env=False) as browser:
        url = services.pictures(
            subject_ids=[clip.subject_id], purpose="client", user_id=None, ttl=60
        )[clip.subject_id].url
        assert url is not None
        url = url.replace("http://127.0.0.1:8000", server.url)

        whole = browser.get(url)
        head = browser.head(url)
        part = browser.get(url, headers={"Range": "bytes=10-19"})
        assert whole.content == samples.video()
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) == File.objects.get().size
        assert (part.status_code, part.content) == (206, whole.content[10:20])
        assert whole.headers["content-security-policy"] == "default-src 'none'; sandbox"

        Attachment.objects.update(epoch=F("epoch") + 1)
        assert browser.get(url).status_code == 404
