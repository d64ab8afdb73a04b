"""Roles are groups; each may do what the table of the product says."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import AnonymousUser, Group, Permission

from accounts.errors import AccountError, NotAllowed
from accounts.models import User
from accounts.roles import give_role, permissions_of, role_of, sync_groups
from accounts.services import ban_user
from tests.factories import make_person

pytestmark = pytest.mark.django_db

TABLE = {
    "viewer": {"view_console"},
    "moderator": {"view_console", "moderate"},
    "lead": {"view_console", "moderate", "lead"},
    "operator": {"view_console", "operate"},
    "admin": {"view_console", "moderate", "lead", "operate"},
}
OURS = set().union(*TABLE.values())


def may(user: User) -> set[str]:
    return {codename for codename in OURS if user.has_perm(f"accounts.{codename}")}


@pytest.mark.parametrize("role", TABLE)
def test_migrations_made_a_group_for_every_role(role):
    codenames = Group.objects.get(name=role).permissions.values_list("codename", flat=True)
    assert set(codenames) == TABLE[role]


@pytest.mark.parametrize("role", TABLE)
def test_a_person_may_what_the_role_may_and_opens_the_console(role):
    person = make_person(role=role)
    assert may(person) == TABLE[role]
    assert person.is_staff
    assert person.is_superuser is (role == "admin")
    assert role_of(person) == role


def test_syncing_repairs_the_groups_and_leaves_other_permissions_alone():
    other = Permission.objects.get(codename="add_group")
    viewer = Group.objects.get(name="viewer")
    viewer.permissions.add(other, Permission.objects.get(codename="lead"))
    Group.objects.get(name="lead").delete()
    sync_groups()
    sync_groups()
    assert set(viewer.permissions.values_list("codename", flat=True)) == {
        "view_console",
        "add_group",
    }
    lead = Group.objects.get(name="lead")
    assert set(lead.permissions.values_list("codename", flat=True)) == TABLE["lead"]


def test_a_role_can_be_given_when_its_group_has_gone():
    Group.objects.all().delete()
    assert may(make_person(role="lead")) == TABLE["lead"]


def test_giving_a_role_replaces_the_one_before():
    person = make_person(role="admin")
    assert give_role(user=person, role="viewer") is True
    assert may(User.objects.get(pk=person.pk)) == TABLE["viewer"]
    assert give_role(user=person, role="viewer") is False
    assert give_role(user=person, role="") is True
    fresh = User.objects.get(pk=person.pk)
    assert may(fresh) == set()
    assert not fresh.is_staff


def test_the_instance_in_hand_knows_its_new_role_at_once():
    person = make_person(role="viewer")
    assert not person.has_perm("accounts.moderate")
    give_role(user=person, role="moderator")
    assert person.has_perm("accounts.moderate")


def test_the_highest_of_several_roles_counts():
    person = make_person(role="viewer")
    person.groups.add(Group.objects.get(name="lead"))
    assert role_of(person) == "lead"


def test_guests_and_people_without_a_role_have_none():
    assert role_of(AnonymousUser()) == ""
    assert role_of(make_person()) == ""


def test_an_unknown_role_is_refused():
    with pytest.raises(AccountError, match="no role boss"):
        give_role(user=make_person(), role="boss")


@pytest.mark.parametrize("role", ["viewer", "moderator", "lead", "operator"])
def test_nobody_but_an_admin_gives_roles(role):
    with pytest.raises(NotAllowed):
        give_role(user=make_person(), role="viewer", by=make_person(role=role))


def test_nobody_changes_their_own_role():
    admin = make_person(role="admin")
    with pytest.raises(NotAllowed):
        give_role(user=admin, role="viewer", by=admin)
    assert role_of(User.objects.get(pk=admin.pk)) == "admin"


def test_what_was_given_to_a_banned_person_is_still_known():
    person = make_person(role="lead")
    ban_user(user=person)
    assert not person.has_perm("accounts.lead")
    assert {permission.codename for permission in permissions_of(person)} == TABLE["lead"]


def test_a_change_of_role_leaves_a_trace():
    admin, person = make_person(role="admin"), make_person()
    give_role(user=person, role="lead", by=admin)
    entry = LogEntry.objects.get(object_id=str(person.pk), user=admin)
    assert entry.change_message == "Role: none → lead"
