"""The embedded PostgreSQL: made once, started on a free loopback port, or found running."""

import contextlib
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile

import psycopg
from psycopg import sql

from core.launcher.binaries import PostgresPrograms, find_postgres
from core.launcher.errors import LauncherError
from core.launcher.home import Home
from core.launcher.processes import (
    LOOPBACK,
    end_process,
    is_running,
    ports_to_try,
    server_environment,
    server_identity,
    start_server,
    tail,
    wait_until,
)

SUPERUSER = "postgres"
OWNER = "gatehouse_owner"
RUNTIME = "gatehouse"
DATABASE = "gatehouse"
START_SECONDS = 120.0  # recovery after a crash replays the log first
STOP_SECONDS = 30.0

SETTINGS = {
    "listen_addresses": LOOPBACK,
    # A socket path has a length limit, and a folder of ours may be deep.
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    # Statements and their values hold prompts and secrets: none of them goes to the log.
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
# For tests only: a crash of the machine may lose the cluster.
UNSAFE_BUT_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Running:
    """What postmaster.pid says about a live server."""

    pid: int
    port: int


@dataclass
class Cluster:
    """The database server of one home. Callers hold the start lock."""

    home: Home
    secrets: Mapping[str, str]
    extra_settings: Mapping[str, str] = field(default_factory=dict)
    # Tests make databases of their own.
    may_create_databases: bool = False

    def url(self, *, user: str, port: int) -> str:
        names = {SUPERUSER: "superuser", OWNER: "owner", RUNTIME: "runtime"}
        password = self.secrets[f"{names[user]}_password"]
        return f"postgresql://{user}:{password}@{LOOPBACK}:{port}/{DATABASE}"

    def running(self) -> Running | None:
        """The server that holds the data folder, once it answers; None when there is none.

        Found by its pid file and recognised by its password: after a reboot the pid and the port
        may belong to somebody else.
        """
        if (found := self._pid_file()) is None:
            return None

        def settled() -> bool:
            return not is_running(found.pid) or self._answers(found.port)

        wait_until(settled, seconds=START_SECONDS if self._ours(found.pid) else 2.0)
        return found if self._answers(found.port) else None

    def start(self, *, tied: bool) -> Running:
        """Starts the server, making the cluster first when there is none."""
        programs = self._programs()
        if not self.home.database.exists():
            self._initialise(programs)
        server_identity().own(self.home.database)
        log = self.home.log("postgres")
        for port in ports_to_try(self._last_port()):
            if self._launch(programs, port=port, log=log, tied=tied):
                found = self._pid_file()
                assert found is not None
                self._prepare(port)
                return found
        raise LauncherError(f"PostgreSQL did not start; the end of {log}:\n{tail(log)}")

    def stop(self) -> None:
        """Ends the server (connections are cut, nothing is lost) and waits for it."""
        if (found := self.running()) is not None:
            end_process(found.pid, sent=signal.SIGINT, seconds=STOP_SECONDS)

    def _programs(self) -> PostgresPrograms:
        version = self.home.database / "PG_VERSION"
        if not version.exists():
            return find_postgres()
        return find_postgres(major=int(version.read_text().strip()))

    def _pid_file(self) -> Running | None:
        try:
            lines = (self.home.database / "postmaster.pid").read_text().splitlines()
            return Running(pid=int(lines[0]), port=int(lines[3]))
        except (OSError, IndexError, ValueError):
            return None

    def _last_port(self) -> int | None:
        """The port of the previous start."""
        with contextlib.suppress(OSError):
            options = (self.home.database / "postmaster.opts").read_text()
            if found := re.search(r'"-p" "(\d+)"', options):
                return int(found.group(1))
        return None

    def _ours(self, pid: int) -> bool:
        """Whether `pid` is a PostgreSQL server, so that it is worth waiting for."""
        try:
            return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return is_running(pid)

    def _answers(self, port: int) -> bool:
        try:
            self._connect(port, database="postgres").close()
        except psycopg.Error:
            return False
        return True

    def _connect(self, port: int, *, database: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=LOOPBACK,
            port=port,
            dbname=database,
            user=SUPERUSER,
            password=self.secrets["superuser_password"],
            connect_timeout=5,
            autocommit=True,
        )

    def _initialise(self, programs: PostgresPrograms) -> None:
        """initdb beside the final place: a run that was killed half-way leaves no half cluster."""
        draft = self.home.root / "postgres.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        with NamedTemporaryFile("w", dir=draft.parent, prefix="initdb-") as password:
            password.write(self.secrets["superuser_password"])
            password.flush()
            identity = server_identity()
            identity.own(draft)
            identity.own(Path(password.name))
            done = subprocess.run(
                [
                    *identity.prefix, programs.initdb, f"--pgdata={draft}",
                    f"--username={SUPERUSER}", f"--pwfile={password.name}",
                    "--auth=scram-sha-256", "--encoding=UTF8", *_locale(), "--no-instructions",
                    *([] if not self.extra_settings else ["--no-sync"]),
                ],
                capture_output=True, text=True, cwd="/", env=server_environment(), check=False,
            )  # fmt: skip
        if done.returncode:
            shutil.rmtree(draft, ignore_errors=True)
            raise LauncherError(_why_initdb_failed(done.stderr, draft))
        draft.rename(self.home.database)

    def _launch(self, programs: PostgresPrograms, *, port: int, log: Path, tied: bool) -> bool:
        settings = {**SETTINGS, **self.extra_settings}
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [programs.server, "-D", str(self.home.database), "-p", str(port), *flags]
        process = start_server(command, log=log, tied=tied)
        wait_until(lambda: process.poll() is not None or self._answers(port), seconds=START_SECONDS)
        return process.poll() is None and self._answers(port)

    def _prepare(self, port: int) -> None:
        """Roles and database; run at every start, so that an interrupted first one is completed."""
        with contextlib.closing(self._connect(port, database="postgres")) as connection:
            rights = "CREATEDB" if self.may_create_databases else "NOCREATEDB"
            self._ensure_role(connection, OWNER, self.secrets["owner_password"], rights)
            self._ensure_role(connection, RUNTIME, self.secrets["runtime_password"], "NOCREATEDB")
            exists = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
            ).fetchone()
            database = sql.Identifier(DATABASE)
            if not exists:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(database, sql.Identifier(OWNER))
                )
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
            connection.execute(
                sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(
                    database, sql.Identifier(RUNTIME)
                )
            )

    def _ensure_role(
        self, connection: psycopg.Connection[tuple[object, ...]], name: str, word: str, rights: str
    ) -> None:
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
        statement = (
            "ALTER ROLE {} LOGIN {} PASSWORD {}"
            if found
            else ("CREATE ROLE {} LOGIN {} PASSWORD {}")
        )
        connection.execute(
            sql.SQL(statement).format(sql.Identifier(name), sql.SQL(rights), sql.Literal(word))
        )


def _locale() -> list[str]:
    """C.UTF-8 sorts by code point and knows every letter; macOS spells the two halves apart."""
    if Path("/System/Library").exists():
        return ["--lc-collate=C", "--lc-ctype=UTF-8", "--lc-messages=C"]
    return ["--locale=C.UTF-8"]


def _why_initdb_failed(output: str, draft: Path) -> str:
    if re.search(r"permission denied|could not access", output, re.IGNORECASE):
        user = server_identity().owner
        who = f"user {user[0]}" if user else "this user"
        return (
            f"PostgreSQL runs as {who} and cannot enter {draft.parent}. Set GATEHOUSE_HOME to a "
            f"folder that {who} can reach, or run as an ordinary user.\n{output.strip()}"
        )
    return f"initdb failed:\n{output.strip()}"
