"""Bodies of requests before Django reads them: those without a length get one."""

import io
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def with_length(application: Application) -> Application:
    """Reads a body that comes in chunks, whose length Django would take for 0, before `application`
    sees it; of one over API_MAX_BYTES no more than shows that it is one."""

    def measured(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        # Only a server that ends the stream with the body can be read without a length.
        if environ.get("wsgi.input_terminated") and not environ.get("CONTENT_LENGTH"):
            _measure(environ)
        return application(environ, start_response)

    return measured


def _measure(environ: dict[str, Any]) -> None:
    if "chunked" not in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        return
    body = environ["wsgi.input"].read(settings.API_MAX_BYTES + 1)
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
