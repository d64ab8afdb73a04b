"""The moderators of a benchmark database, and the one who opens its pages."""

from django.db import connection

from accounts.enums import Role
from accounts.models import User
from accounts.roles import sync_groups


def add_people(number: int) -> None:
    """`bench-1` to `bench-<number>`, moderators without a password, and the admin `bench-admin`."""
    group = sync_groups()[Role.MODERATOR]
    people = User.objects.bulk_create(
        [User(username=f"bench-{index}", is_staff=True) for index in range(1, number + 1)]
    )
    links = User.groups.through
    links.objects.bulk_create([links(user_id=user.pk, group_id=group.pk) for user in people])
    User.objects.create(username="bench-admin", is_staff=True, is_superuser=True)


def moderators() -> list[User]:
    return list(User.objects.filter(username__regex=r"^bench-[0-9]+$").order_by("pk"))


def admin() -> User:
    return User.objects.get(username="bench-admin")


def give_everything_back() -> None:
    """Ends every lease, outside what is measured."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE moderation_case SET claimed_by_id = NULL, claim_token = NULL,"
            " claimed_at = NULL, claimed_until = NULL WHERE claimed_by_id IS NOT NULL"
        )
