"""The project's own app: it carries management commands and checks that see every layer."""

from django.apps import AppConfig


class GatehouseConfig(AppConfig):
    name = "config"
    label = "gatehouse"
    verbose_name = "Gatehouse"
