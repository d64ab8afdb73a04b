"""A private S3 bucket as storage, through django-storages (the optional extra `s3`)."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from django.core.exceptions import ImproperlyConfigured

from media.errors import StorageFailed

try:
    from botocore.exceptions import (  # type: ignore[import-untyped]
        BotoCoreError,
        ClientError,
    )
    from storages.backends.s3 import S3Storage  # type: ignore[import-untyped]
except ImportError:  # an optional extra
    S3Storage = None

CHUNK = 256 * 1024
MISSING = {"404", "NoSuchKey", "NotFound"}


class Bucket:
    """See `media.storage.Backend`. Credentials come from the environment, as boto3 reads them.

    An object appears whole or not at all: S3 itself promises that.
    """

    def __init__(self, *, name: str, endpoint: str, region: str, prefix: str) -> None:
        if S3Storage is None:
            raise ImproperlyConfigured(
                "STORAGE_URL names an S3 bucket, but django-storages is not installed: "
                "install the extra s3 (pip install 'django-storages[s3]')."
            )
        self._options = {
            "bucket_name": name,
            "endpoint_url": endpoint or None,
            "region_name": region or None,
            "default_acl": None,  # the bucket's own, which is private unless somebody opened it
            "file_overwrite": True,
        }
        self._prefix = f"{prefix}/" if prefix else ""

    @cached_property
    def _bucket(self) -> Any:
        return S3Storage(**self._options).bucket

    def _object(self, name: str) -> Any:
        return self._bucket.Object(self._prefix + name)

    @contextmanager
    def workplace(self) -> Iterator[Path]:
        """In the machine's folder for temporary files, in a folder of our own."""
        folder = Path(tempfile.mkdtemp(prefix="gatehouse-"))
        try:
            path = folder / "incoming"
            path.touch(mode=0o600)
            yield path
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def put(self, files: Sequence[tuple[str, bytes | Path]]) -> None:
        for name, content in files:
            with _failures(name):
                if isinstance(content, Path):
                    with content.open("rb") as file:
                        self._object(name).put(Body=file)
                else:
                    self._object(name).put(Body=content)

    def open(self, name: str) -> IO[bytes]:
        with _failures(name):
            body: IO[bytes] = self._object(name).get()["Body"]
            return body

    def read(self, name: str, start: int, length: int) -> Iterator[bytes]:
        if not length:
            return iter(())
        with _failures(name):
            found = self._object(name).get(Range=f"bytes={start}-{start + length - 1}")
        pieces: Iterator[bytes] = found["Body"].iter_chunks(CHUNK)
        return pieces

    def exists(self, name: str) -> bool:
        try:
            self.size(name)
        except FileNotFoundError:
            return False
        return True

    def size(self, name: str) -> int:
        with _failures(name):
            return int(self._object(name).content_length)

    def delete(self, name: str) -> bool:
        there = self.exists(name)
        with _failures(name):
            self._object(name).delete()
        return there

    def delete_starting(self, prefix: str) -> int:
        with _failures(prefix):
            answers = self._bucket.objects.filter(Prefix=self._prefix + prefix).delete()
        if any(answer.get("Errors") for answer in answers):
            raise StorageFailed("storage", "the bucket refused to delete")
        return sum(len(answer.get("Deleted", ())) for answer in answers)

    def names(self) -> Iterator[tuple[str, datetime]]:
        with _failures("the list of files"):
            for entry in self._bucket.objects.filter(Prefix=self._prefix):
                yield entry.key.removeprefix(self._prefix), entry.last_modified

    def delete_unfinished(self, *, before: datetime) -> int:
        """S3 keeps no unfinished object under its name; temporary files are the machine's."""
        return 0


@contextmanager
def _failures(name: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in MISSING:
            raise FileNotFoundError(name) from error
        raise StorageFailed("storage", "the bucket refused a request") from error
    except (BotoCoreError, OSError) as error:
        raise StorageFailed("storage", "the bucket cannot be reached") from error
