"""Generated pictures: made our own, kept, compared with the banks, and handed out as data URIs."""

import base64
import io
import uuid

from PIL import Image

from core.envelope import Code, Declined
from media import services as media
from media.enums import Variant
from media.models import Attachment
from moderation.banks.refusing import keep_back, refusing
from moderation.cases import NewCase, open_cases
from moderation.enums import ReviewStatus
from moderation.models import Reviewable
from upstream.generation.backends import GenerationFailed
from upstream.generation.kinds import PictureRefused

PNG = b"\x89PNG\r\n\x1a\n"
_UNSHOWN = {ReviewStatus.REJECTED, ReviewStatus.PURGED}


def prepare_png(data: bytes) -> media.Prepared:
    """Decodes what a backend gave and keeps a PNG of our own encoding: no prompt in its metadata,
    nothing appended. Raises GenerationFailed when it is no picture."""
    try:
        clean = media.reencoded_picture(data)
        return media.prepare_bytes(data=_png(clean))
    except media.Refused as error:
        raise GenerationFailed("bad_picture", error.message) from error


def _png(clean: bytes) -> bytes:
    if clean.startswith(PNG):
        return clean
    out = io.BytesIO()
    with Image.open(io.BytesIO(clean)) as image:
        image.save(out, "PNG", compress_level=4)
    return out.getvalue()


def keep(subject: Reviewable, picture: media.Prepared) -> PictureRefused | None:
    """Gives a new subject its case and its picture, in the caller's transaction; whether a bank
    that rejects knows the picture, which then comes first in the queue."""
    kind, pk = subject.subject_key
    open_cases([NewCase(subject_type=kind, subject_id=pk)])
    media.store_prepared(prepared=picture, subject_type=kind, subject_id=pk)
    hit = refusing(picture)
    if hit is None:
        return None
    keep_back(subject=subject.subject_key, hit=hit)
    return PictureRefused(reason=hit.reason, detail=hit.words)


def data_uri(subject: Reviewable | None, *, subject_id: uuid.UUID) -> str:
    """The picture of a subject as `data:image/png;base64,…`.

    Raises Declined when it was rejected, hidden, purged or deleted meanwhile.
    """
    gone = Declined(Code.NOT_FOUND, "The image is no longer available")
    if subject is None or subject.hidden or subject.held or subject.review_status in _UNSHOWN:
        raise gone
    attachment = Attachment.objects.filter(subject_id=subject_id, role="picture").first()
    try:
        data = media.read_bytes(
            attachment_id=attachment.pk if attachment else subject_id, variant=Variant.ORIGINAL
        )
    except FileNotFoundError:
        raise gone from None
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"
