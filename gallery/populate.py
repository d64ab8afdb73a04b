"""Synthetic image logs in bulk, for load tests: harmless words, no bytes."""

from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction

from gallery.queues import ImageQueue
from moderation.enums import CaseKind, Priority, Why
from upstream.models import Source

# Rows of one transaction.
CHUNK = 20_000
# Words that some prompts have and others have not, for the search.
_LATIN = (
    "heron", "kettle", "umbrella", "bicycle", "teapot", "windmill", "lantern", "harbour", "violin",
    "orchard", "glacier", "meadow", "canyon", "bridge", "sailboat", "balcony", "compass", "pebble",
    "feather", "cactus", "ribbon", "marble", "cloud", "tulip",
)  # fmt: skip
_CHINESE = (
    "白鹭", "茶壶", "雨伞", "单车", "风车", "灯笼", "港口", "提琴", "果园", "冰川", "草地", "峡谷",
    "小桥", "帆船", "阳台", "罗盘", "卵石", "羽毛", "丝带", "云朵", "竹林", "石阶", "渔网", "棉花",
)  # fmt: skip
# One statement for all tables, so that nothing travels. Keys are UUIDv7 whose times spread over the
# 90 days that an album shows, the rows in their order; every n-th row is pending, evenly.
_ROWS = """
WITH given AS MATERIALIZED (
    SELECT i, (lpad(to_hex((extract(epoch FROM made_at) * 1000)::bigint), 12, '0') || '7'
               || substr(gen_random_uuid()::text, 16))::uuid AS id,
        made_at, %(prefix)s || '-' || i AS upstream_id,
        'synthetic-user-' || (i * 7919 %% %(users)s) AS user_id,
        'synthetic-archive-' || (i * 104729 %% %(users)s) AS archive_id,
        'synthetic-character-' || (i * 31 %% %(characters)s) AS character_id,
        CASE WHEN (i * %(pending)s) %% %(total)s < %(pending)s THEN 'pending'
             WHEN i %% 12 = 5 THEN 'rejected' ELSE 'approved' END AS status,
        'A calm landscape of ' || (3 + i %% 40) || ' geometric shapes, number ' || i
            || ', soft morning light over hills of paper, wide view, muted colours, thin ink'
            || ' outlines, flat shading, a labelled placeholder in the lower corner'
            || CASE WHEN i %% 3 = 0 THEN ', ' || (%(latin)s::text[])[1 + i / 3 %% 24]
                    ELSE '' END
            || CASE WHEN i %% 4 = 1 THEN '，纸山上的柔和晨光与'
                    || (%(chinese)s::text[])[1 + i / 4 %% 24] ELSE '' END
            || CASE WHEN i %% 9973 = 5 THEN ', a lighthouse, 一座灯塔' ELSE '' END AS prompt
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i,
        LATERAL (SELECT now() - interval '90 days' * (1 - (i + 1.0) / %(total)s)) AS t(made_at)
), images AS (
    INSERT INTO gallery_imagelog (id, source_id, upstream_id, review_status, hidden, held, seed,
        upstream_status, content_digest, first_seen_at, user_id, archive_id, message_id,
        character_id, created_at)
    SELECT id, %(source)s, upstream_id, status, false, false, status, status,
        sha256(convert_to('["' || prompt || '"]', 'UTF8')), made_at, user_id, archive_id,
        'message-' || upstream_id, character_id, made_at
    FROM given ORDER BY i
), details AS (
    INSERT INTO gallery_imagedetail (image_id, prompt, params, raw, at)
    SELECT id, prompt, jsonb_build_object('model', 'shapes-2', 'steps', 20 + i %% 20,
            'sampler', 'euler', 'seed', i, 'width', 1024, 'height', 1024),
        jsonb_build_object('id', upstream_id, 'userId', user_id, 'archiveId', archive_id,
            'messageId', 'message-' || upstream_id, 'characterId', character_id,
            'prompt', prompt, 'createdAt', made_at, 'reviewStatus', status, 'model', 'shapes-2',
            'steps', 20 + i %% 20, 'sampler', 'euler', 'seed', i, 'width', 1024, 'height', 1024),
        made_at
    FROM given ORDER BY i
), attachments AS (
    INSERT INTO media_attachment (id, subject_type, subject_id, role, epoch, state, origin_url,
        sensitive, held, attempts, error, created_at)
    SELECT gen_random_uuid(), %(type)s, id, %(role)s, 0, 'failed', '', false, false, 0,
        'Made for load tests, without bytes.', made_at
    FROM given ORDER BY i
)
INSERT INTO moderation_case (id, queue, kind, subject_type, subject_id, source_id, priority, why,
    opened_at, due_at, ready_at, ready, compared)
SELECT gen_random_uuid(), %(queue)s, %(kind)s, %(type)s, id, %(source)s, %(priority)s,
    ARRAY[%(why)s], opened_at, opened_at + %(sla)s, opened_at, true, true
FROM (SELECT *, now() - interval '5 hours' * (1 - i::float8 / %(total)s) AS opened_at
      FROM given) AS opened
WHERE status = 'pending' ORDER BY i
"""


def add_images(
    *, source: Source, prefix: str, total: int, pending: int, characters: int
) -> Iterator[int]:
    """Adds `total` image logs with side rows, `pending` of them waiting with an open case.

    Yields how many rows each committed chunk added. `prefix` makes upstream ids unique;
    `characters` is how many synthetic characters the pictures are spread over.
    """
    fixed: dict[str, Any] = {
        "source": source.pk, "prefix": prefix, "total": total, "pending": pending,
        "users": max(1, total // 20), "characters": max(1, characters),
        "type": ImageQueue.model.subject_type(), "role": ImageQueue.picture_role,
        "queue": ImageQueue.slug, "sla": ImageQueue.sla, "kind": CaseKind.FIRST_LOOK,
        "priority": Priority.NORMAL, "why": Why.FIRST_LOOK, "latin": list(_LATIN),
        "chinese": list(_CHINESE),
    }  # fmt: skip
    for first in range(0, total, CHUNK):
        last = min(first + CHUNK, total) - 1
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_ROWS, {**fixed, "first": first, "last": last})
        yield last - first + 1
