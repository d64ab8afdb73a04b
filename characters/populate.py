"""Synthetic characters in bulk, for load tests: adults who like geometry, without avatars."""

from collections.abc import Iterator

from django.db import connection, transaction

from upstream.models import Source

# Rows of one transaction.
CHUNK = 20_000
_ROWS = """
WITH given AS MATERIALIZED (
    SELECT i, (lpad(to_hex((extract(epoch FROM made_at) * 1000)::bigint), 12, '0') || '7'
               || substr(gen_random_uuid()::text, 16))::uuid AS id,
        made_at, 'synthetic-character-' || i AS upstream_id, 'Synthetic character ' || i AS name,
        'An adult cartographer, number ' || i || ', who draws maps of imaginary islands.' AS bio,
        'You are a calm adult cartographer and speak in short sentences.' AS origin_prompt
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i,
        LATERAL (SELECT now() - interval '180 days' * (1 - (i + 1.0) / %(total)s)) AS t(made_at)
), made AS (
    INSERT INTO characters_character (id, source_id, upstream_id, review_status, hidden, held, seed,
        upstream_status, content_digest, first_seen_at, author_id, name, is_public, created_at,
        updated_at)
    SELECT id, %(source)s, upstream_id, 'approved', false, false, 'approved', 'approved',
        sha256(convert_to(name || bio || origin_prompt, 'UTF8')), made_at,
        'synthetic-user-' || (i %% 1000), name, i %% 4 <> 0, made_at, made_at
    FROM given ORDER BY i
    ON CONFLICT (source_id, upstream_id) DO NOTHING RETURNING id
)
INSERT INTO characters_charactertext (character_id, name, bio, origin_prompt, raw, at)
SELECT id, name, bio, origin_prompt,
    jsonb_build_object('id', upstream_id, 'name', name, 'bio', bio, 'originPrompt', origin_prompt),
    made_at
FROM given JOIN made USING (id) ORDER BY i
"""


def add_characters(*, source: Source, total: int) -> Iterator[int]:
    """Makes sure that synthetic characters 0 to `total` - 1 exist, all approved.

    Yields how many rows each committed chunk looked at.
    """
    for first in range(0, total, CHUNK):
        last = min(first + CHUNK, total) - 1
        with transaction.atomic(), connection.cursor() as cursor:
            parameters = {"source": source.pk, "total": total, "first": first, "last": last}
            cursor.execute(_ROWS, parameters)
        yield last - first + 1
