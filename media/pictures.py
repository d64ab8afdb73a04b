"""Small pictures out of big ones: thumbnails, views, posters, and originals without metadata.

Everything made here is sRGB, upright, and carries no metadata. A picture is decoded once for all
its variants, a JPEG at the smallest scale that serves.
"""

import io
import struct
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageCms

from media import clips, pdq
from media.clipfiles import without_tags
from media.errors import Refused
from media.images import without_metadata
from media.sniff import Sniffed

THUMB_SIDE = 320
VIEW_SIDE = 1280
# Up to this many bytes a JPEG or WebP that fits into a view is shown as it is.
LIGHT = 600_000
SHOWN_AS_IS = {"image/jpeg", "image/webp"}
ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
LYING = {5, 6, 7, 8}  # width and height change places
PILLOW_FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/avif": "AVIF",
}


# What Pillow's decoders raise for broken files.
UNDECODABLE = (
    OSError, ValueError, SyntaxError, RuntimeError, LookupError, TypeError, ArithmeticError,
    struct.error, Image.DecompressionBombError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Encoded:
    """A finished file and its type."""

    mime: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Rendered:
    """The variants of a file; `width` and `height` are those of the upright picture.

    `thumb` None: a sound. `view` None: the original is what is looked at (or it is a sound).
    `clean` None: the file itself has no metadata. `hashed` is what it looks like.
    """

    width: int | None
    height: int | None
    thumb: Encoded | None
    view: Encoded | None
    clean: Encoded | None
    hashed: pdq.Hashed


def render(data: bytes, sniffed: Sniffed) -> Rendered:
    """Raises Refused when the pixels cannot be decoded to the end."""
    if sniffed.is_image:
        return _render_image(data, sniffed)
    assert sniffed.clip is not None
    tags = sniffed.clip.tags
    clean = Encoded(sniffed.mime, without_tags(data, tags)) if tags else None
    if not sniffed.is_video:
        return Rendered(None, None, None, None, clean, pdq.NOTHING)
    still = clips.poster(data, sniffed.mime)
    view = _fit(still, VIEW_SIDE)
    return Rendered(
        sniffed.width, sniffed.height, _thumb(view), _encode(view), clean, pdq.pdq_of(view)
    )


def look(data: bytes, sniffed: Sniffed) -> pdq.Hashed:
    """What a file looks like, without making anything of it: to the bit what `render` says, which
    hashes the very pixels it has for the view. Raises Refused."""
    if sniffed.is_image:
        with _open(data, sniffed) as image:
            turned = _orientation(image, sniffed)
            if sniffed.layout is None or turned:
                _load(image)  # all its pixels, as for the clean copy
            side = VIEW_SIDE if _needs_view(sniffed, len(data), turned) else pdq.SIDE
            return pdq.pdq_of(_upright(image, turned, side))
    if not sniffed.is_video:
        return pdq.NOTHING
    return pdq.pdq_of(_fit(clips.poster(data, sniffed.mime), VIEW_SIDE))


def reencoded(data: bytes, sniffed: Sniffed) -> Encoded:
    """The picture decoded and encoded anew in full size, for bytes that strangers upload.

    An animation is only freed of its metadata. Raises Refused.
    """
    if sniffed.animated and sniffed.layout:
        return Encoded(sniffed.mime, without_metadata(data, sniffed.layout))
    with _open(data, sniffed) as image:
        return _full_size(image, sniffed)


def _render_image(data: bytes, sniffed: Sniffed) -> Rendered:
    assert sniffed.width is not None
    assert sniffed.height is not None
    with _open(data, sniffed) as image:
        turned = _orientation(image, sniffed)
        has_view = _needs_view(sniffed, len(data), turned)
        clean = _clean(data, image, sniffed, turned)
        side = VIEW_SIDE if has_view else pdq.SIDE
        small = _upright(image, turned, side)
    width, height = sniffed.width, sniffed.height
    if turned in LYING:
        width, height = height, width
    view = _encode(small) if has_view else None
    return Rendered(width, height, _thumb(small), view, clean, pdq.pdq_of(small))


def _upright(image: Image.Image, turned: int, side: int) -> Image.Image:
    """The pixels as sRGB, no longer than `side`."""
    # Fewer pixels out of the JPEG decoder; nothing happens when all of them are decoded already.
    image.draft(None, _inside(image.size, side))
    small = _decoded(image, side)
    if turned in UPRIGHT:
        small = small.transpose(UPRIGHT[turned])
    return _srgb(small, image.info.get("icc_profile"))


def _open(data: bytes, sniffed: Sniffed) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=[PILLOW_FORMATS[sniffed.mime]])
    except UNDECODABLE as error:
        raise Refused("broken", "the picture cannot be opened") from error


def _needs_view(sniffed: Sniffed, size: int, turned: int) -> bool:
    """An animation is looked at whole, or its second frame would pass unseen."""
    assert sniffed.width is not None
    assert sniffed.height is not None
    if sniffed.animated:
        return False
    fits = max(sniffed.width, sniffed.height) <= VIEW_SIDE
    return not (fits and size <= LIGHT and sniffed.mime in SHOWN_AS_IS and not turned)


def _orientation(image: Image.Image, sniffed: Sniffed) -> int:
    """The EXIF orientation when it changes anything, else 0."""
    if sniffed.layout is not None and not sniffed.layout.stripped:
        return 0
    if sniffed.mime == "image/png":
        # Reading its EXIF decodes it; a broken one would pass for whole the second time.
        _load(image)
    try:
        turned = image.getexif().get(ORIENTATION, 0)
    except UNDECODABLE:
        return 0
    return turned if turned in UPRIGHT and not sniffed.animated else 0


def _clean(data: bytes, image: Image.Image, sniffed: Sniffed, turned: int) -> Encoded | None:
    """What others get in place of the file; lossless unless the pixels have to be turned."""
    if sniffed.layout is None or turned:
        return _full_size(image, sniffed)
    if not sniffed.layout.stripped:
        return None
    return Encoded(sniffed.mime, without_metadata(data, sniffed.layout))


def _full_size(image: Image.Image, sniffed: Sniffed) -> Encoded:
    turned = _orientation(image, sniffed)
    profile = image.info.get("icc_profile")
    whole = _decoded(image, 0)
    if turned:
        whole = whole.transpose(UPRIGHT[turned])
    whole = _srgb(whole, profile)
    if sniffed.mime == "image/png":
        return _saved(whole, "image/png", compress_level=4)
    if sniffed.mime == "image/jpeg":
        return _saved(whole, "image/jpeg", quality=95, subsampling=0)
    return _saved(whole, "image/webp", quality=92, method=1)


def _saved(image: Image.Image, mime: str, **options: int) -> Encoded:
    """Pixels alone: what Pillow carries along from the file (comments, profiles) stays behind."""
    out, carried = io.BytesIO(), image.info
    image.info = {}
    try:
        image.save(out, PILLOW_FORMATS[mime], **options)
    finally:
        image.info = carried
    return Encoded(mime, out.getvalue())


def _load(image: Image.Image) -> None:
    try:
        image.load()
    except UNDECODABLE as error:
        raise Refused("truncated", "the picture cannot be decoded to its end") from error


def _decoded(image: Image.Image, side: int) -> Image.Image:
    """The pixels as RGB, RGBA, L or CMYK, no longer than `side` (0: all of them)."""
    _load(image)
    try:
        if image.has_transparency_data:
            image = image.convert("RGBA")
        elif image.mode.startswith("I"):
            # 16 bits of grey; converting alone would cut off everything above 255.
            image = image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
        elif image.mode not in {"RGB", "L", "CMYK"}:
            image = image.convert("L" if image.mode == "1" else "RGB")
        return _fit(image, side) if side else image
    except UNDECODABLE as error:
        raise Refused("broken", "the picture's pixels cannot be read") from error


def _inside(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The size scaled down to `side` pixels on the longer side; never scaled up."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _fit(image: Image.Image, side: int) -> Image.Image:
    size = _inside(image.size, side)
    if size == image.size:
        return image
    # Scaling down, HAMMING looks like BICUBIC at half the cost.
    return image.resize(size, Image.Resampling.HAMMING, reducing_gap=1.5)


def _thumb(image: Image.Image) -> Encoded:
    return _saved(_fit(image, THUMB_SIDE), "image/webp", quality=75, method=1)


def _encode(image: Image.Image) -> Encoded:
    """JPEG, which takes a tenth of WebP's time, unless something shines through."""
    if image.mode == "RGBA" and image.getchannel("A").getextrema() != (255, 255):
        return _saved(image, "image/webp", quality=80, method=1)
    return _saved(image.convert("RGB"), "image/jpeg", quality=85)


def _srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The colours as sRGB shows them; a broken profile is as good as none."""
    transform = _transform(profile, image.mode.removesuffix("A")) if profile else None
    if transform is None:
        return image.convert("RGB") if image.mode == "CMYK" else image
    if image.mode != "RGBA":
        return transform.apply(image)
    colours = transform.apply(image.convert("RGB"))
    colours.putalpha(image.getchannel("A"))
    return colours


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """None when the profile is sRGB already or cannot be used for pixels of this mode."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return None
        target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        return ImageCms.ImageCmsTransform(
            source, target, mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
