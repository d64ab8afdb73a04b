"""The mirror: wanted attachments are leased, downloaded in threads, prepared and recorded.

Bytes are written before any row says so: a process killed anywhere leaves wanted attachments
wanted, their lease runs out and another worker takes them. No database connection is held while
downloads run, and no thread of the pool uses one.
"""

import logging
import uuid
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, replace

from django.db import connection

from media.download import EXPIRED, Downloaded, download
from media.enums import AttachmentState
from media.errors import DownloadFailed, MediaError
from media.models import Attachment, File
from media.preparing import Prepared, prepare
from media.recording import Job, Result, known_files, observer, record
from media.storage import storage

logger = logging.getLogger(__name__)

THREADS = 8
# How long finished work is gathered before it is recorded together.
GATHER_SECONDS = 0.15
# Without a pool, opening a connection anew takes longer than this.
AT_ONCE_SECONDS = 0.05
LEASE_SECONDS = 900

# ctid, because a plan for `id IN (… LIMIT n FOR UPDATE SKIP LOCKED)` may take more than n.
_LEASE = """
UPDATE media_attachment SET next_try_at = now() + make_interval(secs => %s)
WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM media_attachment WHERE state = 'wanted' AND next_try_at <= now()
    ORDER BY next_try_at LIMIT %s FOR NO KEY UPDATE SKIP LOCKED))
RETURNING id, origin_url, origin_key, attempts
"""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A job whose bytes are here, not looked into yet; closing `place` removes them again."""

    job: Job
    download: Downloaded
    place: ExitStack


def lease(limit: int) -> list[Job]:
    """Takes up to `limit` attachments that are due, oldest first. They are nobody else's until
    their lease ends; that of a dead worker ends by itself."""
    with connection.cursor() as cursor:
        cursor.execute(_LEASE, [LEASE_SECONDS, limit])
        return [_job(*row) for row in cursor.fetchall()]


def jobs_for(attachment_ids: Collection[uuid.UUID]) -> list[Job]:
    """The wanted ones among these, due or not."""
    rows = Attachment.objects.filter(pk__in=list(attachment_ids), state=AttachmentState.WANTED)
    return [_job(row.pk, row.origin_url, row.origin_key, row.attempts) for row in rows]


def _job(pk: uuid.UUID, url: str, key: bytes | memoryview | None, attempts: int) -> Job:
    return Job(pk, url, None if key is None else bytes(key), attempts)


def run(jobs: Sequence[Job]) -> None:
    """Mirrors them all. What fails is put off or given up, never raised."""
    pool = ThreadPoolExecutor(THREADS, "mirror")
    try:
        _Batch(pool).run(jobs)
    finally:
        pool.shutdown(cancel_futures=True)


class _Batch:
    """Some jobs on their way; only the thread that made it uses the database."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._running: set[Future[Fetched | Result]] = set()

    def run(self, jobs: Iterable[Job]) -> None:
        self._start(jobs)
        while self._running:
            outcomes = [future.result() for future in self._gather()]
            results = [each for each in outcomes if isinstance(each, Result)]
            results += self._look_into([each for each in outcomes if isinstance(each, Fetched)])
            record(self._refresh(results))

    def _gather(self) -> set[Future[Fetched | Result]]:
        """What is done within a moment; the connection is given back unless it comes at once."""
        done, self._running = wait(self._running, timeout=AT_ONCE_SECONDS)
        if self._running:
            if not connection.in_atomic_block:
                connection.close()
            more, self._running = wait(self._running, timeout=GATHER_SECONDS)
            done |= more
        return done

    def _start(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            self._running.add(self._pool.submit(_fetch, job))

    def _look_into(self, fetched: Sequence[Fetched]) -> list[Result]:
        """Contents that are held already are finished; the others go back to the threads."""
        known = known_files({each.download.sha256 for each in fetched}) if fetched else {}
        results = []
        for each in fetched:
            file = known.get(each.download.sha256)
            if file is not None and each.download.size == file.size:
                each.place.close()
                results.append(Result(each.job, _as_prepared(file)))
            else:
                self._running.add(self._pool.submit(_prepare, each))
        return results

    def _refresh(self, results: Sequence[Result]) -> list[Result]:
        """Jobs with an expired link start again with a new one, once; the others stay."""
        expired = [each for each in results if _is_expired(each)]
        if not expired:
            return list(results)
        try:
            fresh = observer().fresh_urls([each.job.attachment_id for each in expired])
        except Exception:  # upstream's trouble must not end the batch
            logger.warning("fresh links could not be had", exc_info=True)
            return [_unrefreshed(each) if _is_expired(each) else each for each in results]
        again = {each.job for each in expired if each.job.attachment_id in fresh}
        self._start(replace(job, url=fresh[job.attachment_id], refreshed=True) for job in again)
        return [each for each in results if each.job not in again]


def _is_expired(result: Result) -> bool:
    error = result.error
    return (
        isinstance(error, DownloadFailed) and error.status in EXPIRED and not result.job.refreshed
    )


def _unrefreshed(result: Result) -> Result:
    error = DownloadFailed("expired", "the link expired; no new one could be had", permanent=False)
    return Result(result.job, error=error)


def _fetch(job: Job) -> Fetched | Result:
    """In a thread of the pool."""
    try:
        with ExitStack() as place:
            path = place.enter_context(storage().workplace())
            return Fetched(job, download(job.url, into=path), place.pop_all())
    except MediaError as error:
        return Result(job, error=error)
    except Exception:
        logger.exception("a download failed in an unforeseen way")
        return Result(job, error=_unforeseen())


def _prepare(fetched: Fetched) -> Result:
    """In a thread of the pool."""
    try:
        with fetched.place:
            content = fetched.download
            return Result(fetched.job, prepare(content.path, sha256=content.sha256))
    except MediaError as error:
        return Result(fetched.job, error=error)
    except Exception:
        logger.exception("bytes could not be prepared, in an unforeseen way")
        return Result(fetched.job, error=_unforeseen())


def _unforeseen() -> MediaError:
    return MediaError("unforeseen", "an unforeseen error; see the log")


def _as_prepared(file: File) -> Prepared:
    return Prepared(
        sha256=bytes(file.sha256),
        size=file.size,
        mime=file.mime,
        width=file.width,
        height=file.height,
        seconds=file.seconds,
        animated=file.animated,
        thumb=file.thumb,
        view_mime=file.view_mime,
        clean_mime=file.clean_mime,
        hashed=None,
    )
