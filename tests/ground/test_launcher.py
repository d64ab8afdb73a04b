"""The embedded servers: started by the first, shared by all, ended by the last, hard to break."""

import os
import signal
import stat
import tempfile
from pathlib import Path

import psycopg
import pytest
import redis

from core.launcher.processes import is_running, server_identity
from tests.ground.processes import ROOT, all_gone, eventually

LINUX_TIES = pytest.mark.skipif(
    not Path("/usr/bin/setpriv").exists(), reason="only Linux tells a child of its parent's death"
)


def fetch(url: str, statement: str) -> object:
    """The first value, None for a statement that gives no rows."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def test_the_first_process_starts_the_servers_and_the_last_ends_them(home, join):
    first = join(home)
    told = first.attached()
    second = join(home)
    assert second.attached()["pid"] == told["pid"]
    assert second.attached()["broker"] == told["broker"]
    assert fetch(told["DATABASE_URL"], "SELECT current_user") == "gatehouse"
    assert fetch(told["DATABASE_OWNER_URL"], "SELECT current_user") == "gatehouse_owner"
    assert redis.Redis.from_url(told["CELERY_BROKER_URL"]).ping()
    first.leave()
    assert fetch(told["DATABASE_URL"], "SELECT 1") == 1  # the second still needs them
    second.leave()
    assert all_gone(told["pid"], told["broker"])


def test_everything_in_the_home_is_private(home, join):
    join(home).attached()
    for path in [home, *home.rglob("*")]:
        assert not stat.S_IMODE(path.lstat().st_mode) & 0o077, path


def test_the_servers_want_a_password_and_listen_on_loopback_only(home, join):
    told = join(home).attached()
    host, _, port = told["DATABASE_URL"].partition("@")[2].partition("/")[0].partition(":")
    assert host == "127.0.0.1"
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host=host, port=port, user="postgres", dbname="postgres", password="guess")
    broker = told["CELERY_BROKER_URL"]
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=int(broker.rpartition(":")[2].partition("/")[0])).ping()
    assert not list(home.rglob(".s.PGSQL.*"))


def test_secrets_and_data_outlive_a_restart(home, join):
    first = join(home)
    told = first.attached()
    fetch(told["DATABASE_OWNER_URL"], "CREATE TABLE kept AS SELECT 42 AS answer")
    first.leave()
    again = join(home).attached()
    assert again["SECRET_KEY"] == told["SECRET_KEY"]
    assert again["ENCRYPTION_KEYS"] == told["ENCRYPTION_KEYS"]
    assert fetch(again["DATABASE_OWNER_URL"], "SELECT answer FROM kept") == 42


def test_a_killed_server_recovers_at_the_next_start(home, join):
    first = join(home)
    told = first.attached()
    fetch(told["DATABASE_OWNER_URL"], "CREATE TABLE kept AS SELECT 7 AS answer")
    os.kill(told["pid"], signal.SIGKILL)
    os.kill(told["broker"], signal.SIGKILL)
    assert eventually(lambda: all_gone(told["pid"], told["broker"]))
    second = join(home)
    again = second.attached()
    assert again["pid"] != told["pid"]
    assert fetch(again["DATABASE_OWNER_URL"], "SELECT answer FROM kept") == 7
    assert redis.Redis.from_url(again["CELERY_BROKER_URL"]).ping()


def test_servers_that_a_killed_process_left_behind_are_joined_and_then_ended(home, join):
    first = join(home)
    told = first.attached()
    first.kill()
    assert is_running(told["pid"])
    second = join(home)
    assert second.attached()["pid"] == told["pid"]
    second.leave()
    assert all_gone(told["pid"], told["broker"])


@LINUX_TIES
def test_tied_servers_end_with_a_process_that_is_killed(home, join):
    process = join(home, tied=True)
    told = process.attached()
    process.kill()
    assert eventually(lambda: all_gone(told["pid"], told["broker"]))


@LINUX_TIES
def test_a_tied_process_takes_over_servers_that_were_left_behind(home, join):
    left = join(home)
    told = left.attached()
    left.kill()
    process = join(home, tied=True)
    mine = process.attached()
    assert mine["pid"] != told["pid"]
    process.kill()
    assert eventually(lambda: all_gone(mine["pid"], mine["broker"]))


def test_a_stale_pid_file_with_somebody_elses_pid_is_no_server(home, join):
    first = join(home)
    told = first.attached()
    note = home / "postgres" / "postmaster.pid"
    lines = note.read_text().splitlines()
    first.leave()
    lines[0], lines[3] = str(os.getpid()), "9"
    note.write_text("\n".join(lines) + "\n")
    note.chmod(0o600)
    # PostgreSQL itself refuses to start over a living pid, so this may only be reported.
    process = join(home)
    try:
        again = process.attached()
    except RuntimeError as error:
        assert "PostgreSQL did not start" in str(error)
    else:
        assert again["pid"] not in {told["pid"], os.getpid()}


def test_lost_secrets_are_said_in_one_sentence(home, join):
    first = join(home)
    first.attached()
    first.leave()
    (home / "secrets.json").unlink()
    with pytest.raises(RuntimeError, match=r"secrets\.json is missing"):
        join(home).attached()


def test_a_database_of_another_version_is_not_opened(home, join):
    first = join(home)
    first.attached()
    first.leave()
    (home / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(RuntimeError, match="PostgreSQL 9 was not found"):
        join(home).attached()


@pytest.mark.skipif(os.geteuid() != 0, reason="about running as root")
def test_as_root_the_servers_get_a_mapped_or_another_user(home, join):
    told = join(home).attached()
    assert server_identity().prefix
    # In a user namespace, or under another uid: never plain root.
    namespaces = {Path(f"/proc/{pid}/ns/user").readlink() for pid in ("self", told["pid"])}
    assert len(namespaces) == 2 or Path(f"/proc/{told['pid']}").stat().st_uid != 0


def others_may_enter(path: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))


@pytest.mark.skipif(os.geteuid() != 0, reason="about running as root")
@pytest.mark.skipif(not others_may_enter(ROOT), reason="a clone that only root may enter")
def test_as_root_without_namespaces_the_servers_run_as_another_user(join):
    with (
        tempfile.TemporaryDirectory(prefix="gatehouse-") as folder,
        tempfile.TemporaryDirectory() as barred,
    ):
        refusing = Path(barred) / "unshare"
        refusing.write_text("#!/bin/sh\nexit 1\n")
        refusing.chmod(0o755)
        path = f"{barred}:{os.environ['PATH']}"
        for _ in range(2):  # made, and found again
            process = join(Path(folder), PATH=path)
            told = process.attached()
            assert Path(f"/proc/{told['pid']}").stat().st_uid != 0
            assert Path(f"/proc/{told['broker']}").stat().st_uid != 0
            assert fetch(told["DATABASE_URL"], "SELECT 1") == 1
            process.leave()
            assert all_gone(told["pid"], told["broker"])
        assert Path(folder, "secrets.json").stat().st_uid == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="about running as root")
def test_a_folder_that_the_other_user_cannot_reach_is_said_in_one_sentence(tmp_path, join):
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    refusing = tmp_path / "unshare"
    refusing.write_text("#!/bin/sh\nexit 1\n")
    refusing.chmod(0o755)
    with pytest.raises(RuntimeError, match="cannot enter"):
        join(private / "home", PATH=f"{tmp_path}:{os.environ['PATH']}").attached()
