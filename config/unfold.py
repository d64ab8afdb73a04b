"""How unfold, the admin's theme, looks and navigates here."""

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

# Settings load before static files can be asked for their names.
_static = lazy(static, str)

# A neutral grey and a violet that carry no state; the states' colours are in console.css.
_BASE = {
    "50": "oklch(98.5% 0 0)",
    "100": "oklch(96.8% .001 286)",
    "200": "oklch(92.4% .003 286)",
    "300": "oklch(87.1% .006 286)",
    "400": "oklch(71.5% .012 286)",
    "500": "oklch(53.5% .014 286)",
    "600": "oklch(44.2% .014 286)",
    "700": "oklch(36% .012 286)",
    "800": "oklch(26.4% .007 286)",
    "900": "oklch(19.5% .006 286)",
    "950": "oklch(13.5% .005 286)",
}
_PRIMARY = {
    "50": "oklch(96.9% .016 294)",
    "100": "oklch(94.3% .029 295)",
    "200": "oklch(89.4% .057 293)",
    "300": "oklch(81.1% .111 294)",
    "400": "oklch(75% .145 294)",
    "500": "oklch(70.5% .165 294)",
    "600": "oklch(50.5% .235 293)",
    "700": "oklch(46% .225 292)",
    "800": "oklch(41% .19 292)",
    "900": "oklch(36% .155 293)",
    "950": "oklch(26% .12 291)",
}

UNFOLD: dict[str, object] = {
    "SITE_TITLE": "Gatehouse",
    "SITE_HEADER": "Gatehouse",
    "SITE_SUBHEADER": _("Moderation console"),
    "SITE_URL": None,
    "SITE_ICON": _static("moderation/console/mark.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": _static("moderation/console/mark.svg")}
    ],
    "SHOW_LANGUAGES": True,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "COLORS": {"base": _BASE, "primary": _PRIMARY},
    "STYLES": [_static("moderation/console/console.css")],
    "SCRIPTS": [_static("moderation/console/labels.js")],
    "DASHBOARD_CALLBACK": "moderation.console.dashboard.fill",
    "SIDEBAR": {"navigation": "moderation.console.navigation.sidebar"},
    "ACCOUNT": {
        "navigation": [
            {"title": _("Manual"), "link": "/admin/manual/"},
            {"title": _("Preferences"), "link": "/admin/preferences/"},
            {"title": _("Change password"), "link": reverse_lazy("admin:password_change")},
        ]
    },
}
