"""What every request passes first and last: its id, its real sender, its size, security headers."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils import translation

from core.problems import problem_response
from core.requests import begin_request, end_request

Handler = Callable[[HttpRequest], HttpResponseBase]
Address = IPv4Address | IPv6Address

_OTHERS = "default-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
_STYLE = "frame-ancestors 'none'; style-src 'self' 'unsafe-inline'; "
# Alpine, which the admin's pages are built with, evaluates the expressions of its attributes.
CSP_WITH_EVAL = f"{_OTHERS}{_STYLE}script-src 'self' 'unsafe-eval'"
# For pages of ours without Alpine: `response.headers["Content-Security-Policy"] = CSP_STRICT`.
CSP_STRICT = f"{_OTHERS}{_STYLE}script-src 'self'"

FORWARDING_HEADERS = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_REAL_IP",
    "HTTP_FORWARDED",
)
# Set in META when an unknown proxy passed the request on, so that its address proves nothing.
UNVERIFIED = "gatehouse.unverified_sender"


class RequestIdMiddleware:
    """Gives the request an id for its log lines and sends it back as `X-Request-ID`."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = begin_request(request.headers.get("X-Request-ID"))
        try:
            response = self.handler(request)
            response.headers.setdefault("X-Request-ID", request_id)
            return response
        finally:
            end_request()


class ClientAddressMiddleware:
    """Makes REMOTE_ADDR the real client's behind TRUSTED_PROXIES; drops what others claim."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        try:
            self.trusted = [ip_network(entry, strict=False) for entry in settings.TRUSTED_PROXIES]
        except ValueError as error:
            raise ImproperlyConfigured(f"TRUSTED_PROXIES: {error}") from error

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        sender = _address(request.META.get("REMOTE_ADDR", ""))
        if self._is_trusted(sender):
            request.META["REMOTE_ADDR"] = self._client(request, sender)
        else:
            claims = [request.META.pop(name, None) for name in FORWARDING_HEADERS]
            request.META[UNVERIFIED] = any(claims)
        return self.handler(request)

    def _client(self, request: HttpRequest, sender: Address | None) -> str:
        """The last address of X-Forwarded-For that is not one of our proxies."""
        hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        for hop in reversed(hops):
            if (address := _address(hop)) is None:
                break
            sender = address
            if not self._is_trusted(address):
                break
        return str(sender)

    def _is_trusted(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self.trusted)


def is_loopback(request: HttpRequest) -> bool:
    """Whether the request was made on this machine, and not passed on by an unknown proxy."""
    address = _address(request.META.get("REMOTE_ADDR", ""))
    return address is not None and address.is_loopback and not request.META.get(UNVERIFIED)


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    # A dual-stack socket writes IPv4 senders as ::ffff:a.b.c.d.
    return getattr(address, "ipv4_mapped", None) or address


class BodyLimitMiddleware:
    """Refuses a body over API_MAX_BYTES unread, in the error form of the view it was for: that of
    its contract, else problem+json, for somebody at a browser a page; never Django's own HTML."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            length = int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            return _refusal(request, 400, "Content-Length is not a number.")
        if length > settings.API_MAX_BYTES:
            megabytes = settings.API_MAX_BYTES // (1024 * 1024)
            if "text/html" in request.headers.get("Accept", "") and _own_form(request) is None:
                with translation.override(translation.get_language_from_request(request)):
                    return render(request, "413.html", {"most": megabytes}, status=413)
            return _refusal(request, 413, f"The body is larger than {megabytes} MB.")
        return self.handler(request)


class NoNulMiddleware:
    """Refuses a query with a NUL, which no text in the database can hold. The contracts' views say
    so themselves, field by field."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "%00" in request.META.get("QUERY_STRING", "") and _own_form(request) is None:
            return problem_response(400, "The query holds a NUL character.")
        return self.handler(request)


def _refusal(request: HttpRequest, status: int, detail: str) -> HttpResponse:
    return (_own_form(request) or problem_response)(status, detail)


def _own_form(request: HttpRequest) -> Callable[[int, str], HttpResponse] | None:
    """How a view of core.contracts says what is wrong; None for every other one."""
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return None
    form: Callable[[int, str], HttpResponse] | None = getattr(
        getattr(view, "cls", None), "error_response", None
    )
    return form


class SecurityHeadersMiddleware:
    """Adds the content security policy, unless a view has set its own, and a feature policy."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.handler(request)
        response.headers.setdefault("Content-Security-Policy", CSP_WITH_EVAL)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()"
        )
        return response
