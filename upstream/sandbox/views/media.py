"""The bytes behind the links of the lists: pictures, avatars, clips, and their faults."""

import hmac
import re

from upstream.sandbox import clips, pictures
from upstream.sandbox.album import LOOKALIKE, TWINS_EVERY, size_of
from upstream.sandbox.views.assets import link_signature
from upstream.sandbox.wire import Request, Response, Route, reply, route
from upstream.sandbox.words import pick
from upstream.sandbox.world import World

METADATA_URL = "http://169.254.169.254/latest/meta-data/"
HTML = b"<!doctype html><title>Sign in</title><p>This is a page, not a picture."
TYPES = {"jpg": "image/jpeg", "png": "image/png", "mp4": "video/mp4", "wav": "audio/wav"}


def image(world: World, request: Request, index: str, file: str) -> Response:
    """`/media/images/{index}/{picture}v{version}.jpg`."""
    found = re.fullmatch(r"(\d{1,9})v(\d{1,6})\.jpg", file)
    if not found or not index.isdigit():
        return _missing()
    if broken := _fault(world, int(index)):
        return broken
    picture, version, seed = int(found[1]), int(found[2]), world.options.seed
    width, height = size_of(picture, seed)
    original = picture - 1 if picture % TWINS_EVERY == LOOKALIKE else picture
    return _bytes(pictures.scene(picture, version, width, height, original), "jpg")


def avatar(world: World, request: Request, file: str) -> Response:
    """`/media/avatars/{character id}.png`."""
    name = file.removesuffix(".png")
    with world.lock:
        uploaded = world.cast.uploads.get(name)
        index = world.cast.indexes.get(name)
    if index is None:
        return _missing()
    return _bytes(uploaded or pictures.avatar(index, 0), "png")


def asset(world: World, request: Request, asset_id: str, file: str) -> Response:
    """`/media/assets/{asset id}/{version}.{suffix}?Expires&Signature`, 403 when not valid."""
    with world.lock:
        row = world.stock.rows.get(asset_id)
        now = world.clock.now().timestamp()
    version, _, suffix = file.partition(".")
    if row is None or suffix not in TYPES or not version.isdigit():
        return _missing()
    expires = request.query.get("Expires", "")
    signature = request.query.get("Signature", "")
    valid = expires.isdigit() and hmac.compare_digest(
        link_signature(request.path, int(expires)).encode(), signature.encode()
    )
    if not valid or int(expires) < now:
        return reply({"Error": {"Code": "AccessDenied", "Message": "Request has expired"}}, 403)
    if broken := _fault(world, row.index):
        return broken
    number = pick(world.options.seed, "asset bytes", row.index) % 100_000 + int(version)
    if suffix == "mp4":
        return _bytes(clips.video(number), suffix)
    if suffix == "wav":
        return _bytes(clips.audio(number), suffix)
    return _bytes(pictures.scene(number, 1, 640, 640, number), suffix)


def _fault(world: World, index: int) -> Response | None:
    match world.faults.picture(index):
        case "redirect":
            return Response(302, headers={"Location": METADATA_URL})
        case "bomb":
            encoded = {"Content-Encoding": "gzip"}
            return Response(200, pictures.gzip_bomb(), "image/jpeg", encoded)
        case "pixelbomb":
            return _bytes(pictures.pixel_bomb(), "png")
        case "wrongtype":
            return _bytes(HTML, "jpg")
    return None


def _bytes(data: bytes, suffix: str) -> Response:
    return Response(200, data, TYPES[suffix], {"Cache-Control": "private, max-age=60"})


def _missing() -> Response:
    return Response(404, b"not found", "text/plain")


ROUTES: list[Route] = [
    route("GET", "/media/images/{index}/{file}", image, alone=False),
    route("GET", "/media/avatars/{file}", avatar, alone=False),
    route("GET", "/media/assets/{asset_id}/{file}", asset, alone=False),
]
