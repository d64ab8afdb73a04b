"""The page that shows the REST API (`/api/docs/`), from files of our own."""

from typing import Any

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from core.middleware import CSP_STRICT


class DocsView(SpectacularSwaggerSplitView):
    """Its style sheet carries its icons as data; its scripts are files."""

    title = "Gatehouse API"

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response.headers["Content-Security-Policy"] = f"{CSP_STRICT}; img-src 'self' data:"
        return response
