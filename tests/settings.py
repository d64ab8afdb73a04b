"""The product's settings with what tests change: cheap hashing, plain static files, no broker."""

import os

from cryptography.fernet import Fernet

# Type checking and test runs load settings without a launcher.
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 40)
os.environ.setdefault("ENCRYPTION_KEYS", Fernet.generate_key().decode())
os.environ.setdefault("DATABASE_URL", "postgresql://nobody:nothing@127.0.0.1:9/none")
os.environ.setdefault("DATABASE_POOL", "0")
# BLAS threads fight over the cores that pytest-xdist already uses.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Each of pytest-xdist's processes has a home of its own. Files are named by what is in them: who
# erased the bytes of a sample picture would take them from another process's test.
if (process := os.environ.get("PYTEST_XDIST_WORKER")) and "GATEHOUSE_TEST_HOMES" in os.environ:
    os.environ["GATEHOUSE_HOME"] = f"{os.environ.pop('GATEHOUSE_TEST_HOMES')}/{process}"

from config.settings import *  # noqa: F403
from config.settings import STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
