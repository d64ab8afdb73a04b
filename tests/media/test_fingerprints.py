"""Every stored picture, poster included, has its fingerprint in the same transaction."""

import uuid

import pytest
from PIL import Image

from media import services
from media.models import Attachment, File, Fingerprint
from media.pdq import MIN_QUALITY, pdq_of
from tests.media import samples

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept():
    """Stores bytes for a new subject."""

    def keep(data: bytes) -> Attachment:
        return services.store_bytes(data=data, subject_type="a.b", subject_id=uuid.uuid4())

    return keep


def near(one: bytes | memoryview, other: bytes | memoryview) -> bool:
    return (int.from_bytes(bytes(one)) ^ int.from_bytes(bytes(other))).bit_count() <= 8


def test_a_mirrored_picture_has_its_hash(links, wanted):
    row = wanted(links.serve("/a.jpg", samples.encoded(samples.rich(900, 700), "JPEG")))
    services.mirror(row.pk)

    print_ = Fingerprint.objects.get(file__attachments=row)
    assert near(print_.pdq, pdq_of(samples.rich(900, 700)).pdq)
    assert print_.quality >= MIN_QUALITY
    assert File.objects.get().fingerprinted


def test_an_upload_has_its_hash(kept):
    assert kept(samples.encoded(samples.rich(1500, 900), "PNG")).file.fingerprint.pdq is not None


def test_a_lying_photograph_is_hashed_upright(kept):
    exif = Image.Exif()
    exif[samples.ORIENTATION] = 6
    lying = kept(samples.encoded(samples.rich(), "JPEG", quality=90, exif=exif.tobytes()))
    turned = samples.rich().transpose(Image.Transpose.ROTATE_270)
    upright = kept(samples.encoded(turned, "PNG"))

    assert near(lying.file.fingerprint.pdq, upright.file.fingerprint.pdq)


def test_a_video_is_hashed_by_its_poster(kept):
    assert kept(samples.video()).file.fingerprint.quality > 0


@pytest.mark.parametrize(
    "data",
    [samples.encoded(Image.new("RGB", (300, 200), "red"), "PNG"), samples.wav()],
    ids=["flat", "sound"],
)
def test_what_shows_too_little_says_so(kept, data):
    file = kept(data).file

    assert file.fingerprinted
    assert file.fingerprint.pdq is None
    assert file.fingerprint.quality < MIN_QUALITY
