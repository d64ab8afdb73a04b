"""The project's own app: it carries management commands and checks that see every layer."""

from django.apps import AppConfig
from django.conf import settings

from config import sentry
from config.celery import app as celery_app

__all__ = ["GatehouseConfig", "celery_app"]


class GatehouseConfig(AppConfig):
    name = "config"
    label = "gatehouse"
    verbose_name = "Gatehouse"

    def ready(self) -> None:
        celery_app.set_default()  # web threads send tasks too
        sentry.start(settings.SENTRY_DSN)
