"""The database that the whole suite stands on."""

import pytest
from django.core.cache import cache
from django.db import connection


@pytest.mark.django_db
def test_the_server_is_new_enough_and_speaks_utf8():
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert int(cursor.fetchone()[0]) >= 150000
        cursor.execute("SHOW server_encoding")
        assert cursor.fetchone() == ("UTF8",)
        cursor.execute("SELECT upper('é'), lower('Ä')")
        assert cursor.fetchone() == ("É", "ä")


@pytest.mark.django_db
def test_the_cache_is_a_table_of_the_database():
    cache.set("greeting", {"word": "你好"}, 30)
    assert cache.get("greeting") == {"word": "你好"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM core_cache")
        assert cursor.fetchone()[0] >= 1
