"""What can go wrong with bytes: refused content, failed downloads, a storage that fails."""


class MediaError(Exception):
    """`permanent`: the same bytes or link fail again. `code`: one short word for programs.

    The message is safe to store and show: no query string, credential or content.
    """

    permanent = False

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Refused(MediaError):
    """Bytes that are not kept here: wrong type, cut off, too many pixels, two types at once."""

    permanent = True


class DownloadFailed(MediaError):
    """A link did not give its bytes. `status` is the HTTP status when there was an answer;
    `retry_after` the seconds that the server asked for (0: it did not)."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        permanent: bool,
        status: int | None = None,
        retry_after: int = 0,
    ) -> None:
        super().__init__(code, message)
        self.permanent = permanent
        self.status = status
        self.retry_after = retry_after


class StorageFailed(MediaError):
    """The storage could not take or give bytes, a full disk above all: never the file's fault."""
