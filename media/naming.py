"""How stored bytes are named, and by which ending a type of content is known."""

EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/avif": "avif",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "audio/mp4": "m4a",
    "audio/webm": "weba",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/aac": "aac",
}


def path_of(sha256: bytes, suffix: str = "") -> str:
    """`ab/cd/<sha256>`, the name of the bytes that have this hash."""
    digest = sha256.hex()
    return f"{digest[:2]}/{digest[2:4]}/{digest}{suffix}"


def variant_path(sha256: bytes, variant: str, mime: str) -> str:
    """`ab/cd/<sha256>.thumb.webp` and the like, for what was made of those bytes."""
    return path_of(sha256, f".{variant}.{EXTENSIONS[mime]}")


def digest_in(name: str) -> bytes | None:
    """The hash that a stored name belongs to; None when it is not one of ours."""
    try:
        digest = bytes.fromhex(name.rpartition("/")[2][:64])
    except ValueError:
        return None
    return digest if len(digest) == 32 and name.startswith(path_of(digest)) else None
