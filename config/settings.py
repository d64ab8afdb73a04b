"""All settings, read from the environment by strict readers; `docs/settings.md` lists them all."""

from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
from corsheaders import defaults as cors_defaults
from django.core.exceptions import ImproperlyConfigured

from config import logs, unfold
from core import databases, env

# Lets annotations like `QuerySet[Case]` and `ModelForm[User]` run, not only type-check.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
GATEHOUSE_HOME = Path(env.text("GATEHOUSE_HOME") or BASE_DIR / "var").resolve()

# --- Secrets -------------------------------------------------------------------------------
DEBUG = env.flag("DEBUG")
# Without DATABASE_URL the launcher (core/launcher) provides database, broker and secrets.
EMBEDDED = env.flag("GATEHOUSE_EMBEDDED")
SECRET_KEY = env.text("SECRET_KEY")
ENCRYPTION_KEYS = env.words("ENCRYPTION_KEYS")
# Seals the decision log; without it SECRET_KEY does. Changing it makes older seals unverifiable.
AUDIT_KEY = env.text("AUDIT_KEY")
for _name in ("SECRET_KEY", "ENCRYPTION_KEYS"):
    if not globals()[_name]:
        raise ImproperlyConfigured(
            f"{_name} is not set. Give every production process the same {_name} "
            f"(or {_name}_FILE); `make demo` makes its own."
        )

# --- Where we are --------------------------------------------------------------------------
BIND = env.text("BIND", "127.0.0.1")
PORT = env.number("PORT", 8000, low=1, high=65535)
PUBLIC_URL = (env.text("PUBLIC_URL") or f"http://{BIND}:{PORT}").rstrip("/")
ALLOWED_HOSTS = env.words(
    "ALLOWED_HOSTS", f"127.0.0.1,localhost,[::1],{urlsplit(PUBLIC_URL).hostname}"
)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL, *env.words("CSRF_TRUSTED_ORIGINS")]
CORS_ALLOWED_ORIGINS = env.words("CORS_ALLOWED_ORIGINS")
# Browser clients use the five contracts, never the console or its REST API.
CORS_URLS_REGEX = r"^/(api/list-character-images|v1/|characters)"
CORS_ALLOW_HEADERS = [
    *cors_defaults.default_headers,
    "x-timestamp",
    "x-signature",
    "x-request-id",
    "x-user-id",
]
TRUSTED_PROXIES = env.words("TRUSTED_PROXIES")
if TRUSTED_PROXIES:  # core.middleware drops the header when anybody else sends it
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
HTTPS = PUBLIC_URL.startswith("https://")

INSTALLED_APPS = [
    "config.apps.GatehouseConfig",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "corsheaders",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "core",
    "accounts",
    "media",
    "upstream",
    "moderation",
    "characters",
    "gallery",
    "assets",
]

MIDDLEWARE = [
    "core.middleware.RequestIdMiddleware",
    "config.metrics.RequestTimerMiddleware",
    "core.middleware.ClientAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "core.middleware.SecurityHeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "core.middleware.BodyLimitMiddleware",
    "core.middleware.NoNulMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.PreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database ------------------------------------------------------------------------------
DATABASES = {
    "default": databases.from_url(
        env.text("DATABASE_URL"), pool=env.number("DATABASE_POOL", 8, low=0, high=200)
    )
}
# The login that `manage.py migrate` uses instead; empty where one role does both.
DATABASE_OWNER_URL = env.text("DATABASE_OWNER_URL")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Tables that the runtime role may read and add rows to, never change (see `manage.py migrate`).
APPEND_ONLY_TABLES = [
    "moderation_decision",
    "moderation_seal",
    "moderation_receipt",
    "moderation_report",
    "moderation_termversion",
    "media_viewlog",
]

# --- Accounts ------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
SESSION_COOKIE_AGE = env.number("SESSION_IDLE_MINUTES", 240, low=1) * 60
SESSION_SAVE_EVERY_REQUEST = True  # the age counts from the last request: idle sessions end
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]  # probes speak plain HTTP
SECURE_SSL_REDIRECT = HTTPS and env.flag("SECURE_SSL_REDIRECT", default=True)
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- Mail: only for forgotten passwords; without a host it is printed to the log ---------------
EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.number("EMAIL_PORT", 587, low=1, high=65535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=EMAIL_PORT == 587)
EMAIL_USE_SSL = env.flag("EMAIL_USE_SSL", default=EMAIL_PORT == 465)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM") or "gatehouse@localhost"
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"

# --- Languages and time --------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_AGE = 31_536_000
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = ["config.formats"]

# --- Files ---------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = GATEHOUSE_HOME / "static"
# The manuals are pages of the console too.
STATICFILES_DIRS = [("manual", BASE_DIR / "docs" / "images")]
STORAGE_URL = env.text("STORAGE_URL") or f"file:{GATEHOUSE_HOME / 'media'}"
STORAGES = {
    "default": {"BACKEND": "media.storage.PrivateStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_MAX_BYTES = env.number("MEDIA_MAX_BYTES", 64 * 1024 * 1024, low=1024)
MEDIA_ALLOW_PRIVATE_NETWORKS = env.flag("MEDIA_ALLOW_PRIVATE_NETWORKS")
# host:port, …: with these set nothing else on a private network is reachable (the demo's sandbox).
MEDIA_ALLOWED_PRIVATE_HOSTS = env.words("MEDIA_ALLOWED_PRIVATE_HOSTS")
# Who is told when bytes arrive, fail for good or need a fresh link (media knows no review).
MEDIA_OBSERVER = "moderation.arrivals.Observer"

# --- Cache and tasks -----------------------------------------------------------------------
CACHE_URL = env.text("CACHE_URL")
CACHES = databases.cache_from_url(CACHE_URL)
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL")

# --- Moderation ----------------------------------------------------------------------------
GALLERY_MODERATION = env.choice("GALLERY_MODERATION", "pre", ("pre", "post"))
# Pictures on a page of an album, for members.
GALLERY_PAGE_SIZE = env.number("GALLERY_PAGE_SIZE", 20, low=1, high=100)
CHARACTER_MODERATION = env.choice("CHARACTER_MODERATION", "post", ("pre", "post"))
CLAIM_SECONDS = env.number("CLAIM_SECONDS", 600, low=10, high=86_400)
UNDO_MINUTES = env.number("UNDO_MINUTES", 10, low=0, high=43_200)
PURGE_GRACE_HOURS = env.number("PURGE_GRACE_HOURS", 24, low=0, high=8_760)
REVIEW_QUEUES = [
    "gallery.queues.ImageQueue",
    "assets.queues.AssetQueue",
    "characters.queues.CharacterQueue",
    "characters.covers.queue.CoverQueue",
    "moderation.queues.EscalationQueue",
]
# Source kind -> the class that syncs it.
SYNCS = {
    "characters": "characters.sync.CharacterSync",
    "gallery": "gallery.sync.GallerySync",
    "assets": "assets.sync.AssetSync",
}
# Kind of generation -> the class that completes it.
GENERATIONS = {
    "cover": "characters.covers.generation.CoverGeneration",
    "chat_image": "gallery.chat_generation.ChatImageGeneration",
}
# Seconds after which a call is answered with a failure although its picture may still come: less
# than the callers' own limits of 350 and 120.
COVER_SECONDS = env.number("COVER_SECONDS", 340, low=1, high=340)
CHAT_IMAGE_SECONDS = env.number("CHAT_IMAGE_SECONDS", 115, low=1, high=115)
# Threads of a web process, and how many of them generation calls may take up with waiting.
WEB_THREADS = env.number("WEB_THREADS", 256, low=2, high=2048)
GENERATION_WAITERS = env.number("GENERATION_WAITERS", 200, low=1, high=2000)

# --- REST ----------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.parsing.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "config.openapi.Schema",
    "EXCEPTION_HANDLER": "core.problems.handle",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Gatehouse",
    "DESCRIPTION": "Content moderation of an AI-character platform.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "ReviewStatusEnum": "moderation.enums.ReviewStatus",
        "CaseKindEnum": "moderation.enums.CaseKind",
        "ReportKindEnum": "moderation.enums.ReportKind",
        "CharacterErrorCodeEnum": "characters.enums.ErrorCode",
        "AssetStatusEnum": "assets.enums.AssetStatus",
        "EnvelopeCodeEnum": "core.envelope_schemas.CODES",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.openapi.describe_problems",
    ],
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "defaultModelsExpandDepth": 0},
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
API_MAX_BYTES = 32 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = API_MAX_BYTES + 1024

# unfold reads its settings from here.
UNFOLD = unfold.UNFOLD

LOG_FORMAT = env.choice("LOG_FORMAT", "console", ("console", "json"))
LOGGING = logs.configuration(LOG_FORMAT)
SENTRY_DSN = env.text("SENTRY_DSN")
