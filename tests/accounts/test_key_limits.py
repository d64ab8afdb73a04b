"""How calls are counted: exactly under a limit, cheaply without one."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts.errors import CallLimitReached, TooManyCalls
from accounts.keys import count_call, find_key
from accounts.models import ApiKey
from tests.factories import make_person


def calls(key: ApiKey) -> int:
    return ApiKey.objects.get(pk=key.pk).calls


@pytest.mark.django_db
def test_a_limited_key_costs_one_update_and_ends_at_its_limit(make_key, django_assert_num_queries):
    _plain, key = make_key(make_person(), call_limit=3)
    for _ in range(3):
        with django_assert_num_queries(1):
            count_call(key)
    with pytest.raises(CallLimitReached):
        count_call(key)
    assert calls(key) == 3
    assert ApiKey.objects.get(pk=key.pk).state == "exhausted"


@pytest.mark.django_db
def test_calls_of_a_minute_are_limited_and_the_next_minute_starts_anew(make_key):
    _plain, key = make_key(make_person(), per_minute=2)
    start = timezone.now().replace(second=20, microsecond=0)
    with time_machine.travel(start, tick=False):
        count_call(key)
        count_call(key)
        with pytest.raises(TooManyCalls) as refused:
            count_call(key)
        assert refused.value.wait == 40
    with time_machine.travel(start + timedelta(seconds=40), tick=False):
        count_call(key)
    assert calls(key) == 3


@pytest.mark.django_db
def test_a_key_limited_to_no_calls_a_minute_answers_none(make_key):
    _plain, key = make_key(make_person(), per_minute=0)
    with pytest.raises(TooManyCalls):
        count_call(key)


@pytest.mark.django_db
def test_a_key_without_limits_is_written_once_a_minute(make_key, django_assert_num_queries):
    plain, key = make_key(make_person())
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        count_call(find_key(plain).key)
        assert calls(key) == 1
        for _ in range(5):
            found = find_key(plain).key
            with django_assert_num_queries(0):
                count_call(found)
        assert calls(key) == 1
    later = start + timedelta(seconds=61)
    with time_machine.travel(later, tick=False):
        count_call(find_key(plain).key)
    row = ApiKey.objects.get(pk=key.pk)
    assert (row.calls, row.last_used_at) == (7, later)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limit", ["call_limit", "per_minute"])
def test_parallel_calls_do_not_get_past_a_limit(make_key, limit):
    _plain, key = make_key(make_person(), **{limit: 10})
    passed, start = [], threading.Barrier(8)

    def caller() -> None:
        start.wait()
        for _ in range(5):
            try:
                count_call(ApiKey.objects.get(pk=key.pk))
                passed.append(1)
            except (CallLimitReached, TooManyCalls):
                pass
        connection.close()

    # The middle of a minute, so that the count does not start anew during the test.
    with time_machine.travel(timezone.now().replace(second=10), tick=False):
        threads = [threading.Thread(target=caller) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(passed) == 10
    assert calls(key) == 10
