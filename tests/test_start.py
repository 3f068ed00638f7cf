"""Starting: what `make run` promises, up to the refusals. A start that cannot be says why in one line."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import psycopg
import pytest

from tests import postgresql
from tests.conftest import Place
from tests.server import ROOT, Server, environment, free_port, running
from tests.services.steps import ask, claimed, finish, open_chat
from tests.work.caller import Caller, at_once
from tests.work.conftest import column, url_of
from webapp.config import Config
from webapp.services.staff import DEMO_PASSWORD, DEMO_STAFF, ROLES
from webapp.start import main

SECRET = "x" * 48
pytestmark = pytest.mark.xdist_group("start")  # one server for the whole module
OWN_FOLDER = {"PYTHONPATH": None, "INSTANCE_PATH": None, "DATABASE_URL": None}  # as in a fresh checkout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the files of this repository, in a folder whose path has spaces."""
    folder = tmp_path_factory.mktemp("a folder") / "with spaces, and a comma"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if name.startswith("tests/") or not (ROOT / name).is_file():
            continue
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def first_run(checkout: Path) -> Iterator[Server]:
    """The server of that checkout, started for the first time, with everything in its own instance folder."""
    with running(checkout, by_command=True, **OWN_FOLDER) as server:
        yield server


def test_the_greeting_names_the_address_and_the_demo_sign_ins(first_run: Server) -> None:
    lines = first_run.output.split("Ctrl+C")[0].splitlines()
    assert f"  Bankside is at {first_run.url}" in lines
    assert DEMO_PASSWORD in first_run.output
    for username, name, _role, _branch, locked in DEMO_STAFF:
        (line,) = [line for line in lines if line.startswith(f"    {username} ")]
        assert name in line
        assert ("locked" in line.removeprefix(f"    {username}")) == locked
    assert "Traceback" not in first_run.output
    assert "Warning" not in first_run.output


def test_the_first_run_can_be_signed_in_to_and_used(first_run: Server) -> None:
    with Caller(first_run.url).sign_in("manager") as caller:
        chat_id = caller.open_session(opening="Opening hours")
        assert "Opening hours" in caller.http.get(f"/chat/{chat_id}").text


def test_a_taken_port_is_one_line_that_says_how_to_choose_another(first_run: Server, checkout: Path) -> None:
    port = int(first_run.url.rsplit(":", 1)[1])
    refused = start(environment(checkout, "", port, **OWN_FOLDER), checkout)
    assert refused.returncode not in (0, None)
    (line,) = refused.stderr.splitlines()
    assert f"Port {port}" in line
    assert f"PORT={port + 1}" in line
    assert httpx.get(f"{first_run.url}/health/ready").status_code == 200, "the one that has the port goes on"


def start(settings: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Start it and wait until it gives up."""
    return subprocess.run(
        [sys.executable, "-m", "webapp.start"],
        cwd=folder, env=settings, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_second_run_keeps_data_and_secret_so_that_nobody_has_to_sign_in_again(
    first_run: Server, checkout: Path
) -> None:
    secret = checkout / "instance" / "secret_key"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    before = secret.read_text()
    with Caller(first_run.url).sign_in("teller") as caller:
        chat_id = caller.open_session(opening="Card status")
        first_run.terminate()
        assert first_run.process.wait(timeout=30) == 0
        with running(checkout, by_command=True, **OWN_FOLDER) as again:
            caller.http.base_url = httpx.URL(again.url)
            page = caller.http.get(f"/chat/{chat_id}")
            assert page.status_code == 200
            assert "Card status" in page.text
            assert caller.ask(chat_id, "And his accounts?").status_code == 200
    assert secret.read_text() == before


def test_in_production_there_are_no_demo_sign_ins_and_cookies_travel_over_https_only(tmp_path: Path) -> None:
    with running(tmp_path, APP_ENV="production", SECRET_KEY=SECRET) as server:
        page = httpx.get(f"{server.url}/sign-in")
        assert page.status_code == 200
        assert DEMO_PASSWORD not in page.text
        assert DEMO_PASSWORD not in server.output
        cookie = page.headers["Set-Cookie"]
        assert cookie.startswith("__Host-bankside=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}


def test_two_first_runs_at_once_agree_on_one_database(tmp_path: Path, postgresql_url: str) -> None:
    settings = {"APP_ENV": "production", "SECRET_KEY": SECRET}
    with postgresql.fresh_database(postgresql_url) as url, ExitStack() as stack:
        servers = at_once(2, lambda number: stack.enter_context(running(tmp_path / str(number), url, **settings)))
        for server in servers:
            assert httpx.get(f"{server.url}/sign-in").status_code == 200
            assert "Traceback" not in server.output
        with psycopg.connect(url) as connection:
            (count,) = connection.execute("SELECT count(*) FROM role").fetchone() or (0,)
        assert count == len(ROLES)


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment without any setting of ours, in an empty folder."""
    for name in Config.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INSTANCE_PATH", str(tmp_path / "instance"))
    monkeypatch.setattr("webapp.start.serve", lambda *_, **__: pytest.fail("it started"))
    return monkeypatch


REFUSALS = [
    ({"PORT": "http"}, "PORT"),
    ({"PORT": "70000"}, "PORT"),
    ({"APP_ENV": "prod"}, "APP_ENV"),
    ({"DEFAULT_TIME_ZONE": "Mars/Olympus"}, "DEFAULT_TIME_ZONE"),
    ({"DATABASE_URL": "mysql://root@db/bank"}, "DATABASE_URL"),
    ({"DATABASE_URL": "sqlite://"}, "DATABASE_URL"),
    ({"DATABASE_URL": "sqlite:///:memory:"}, "DATABASE_URL"),
    ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}, "database"),
    ({"INSTANCE_PATH": "/proc/nowhere/instance"}, "/proc/nowhere"),
    ({"CORE_BANKING": "no.such.bank:connect"}, "CORE_BANKING"),
    ({"CORE_BANKING": "webapp.bank.sandbox.bank:nothing"}, "CORE_BANKING"),
    ({"CORE_BANKING": "webapp.bank.http.bank:connect"}, "BANK_URL"),
    ({"ORDER_DESK": "webapp.bank.http.order_desk:connect", "BANK_URL": "http://"}, "BANK_URL"),
    ({"BANK_TOKEN": "t\u00f6ken"}, "BANK_TOKEN"),
    ({"WEB_THREADS": "0"}, "WEB_THREADS"),
    ({"IDLE_MINUTES": "0"}, "IDLE_MINUTES"),
    ({"SECURE_COOKIES": "perhaps"}, "SECURE_COOKIES"),
    ({"APP_ENV": "production"}, "SECRET_KEY"),
    ({"APP_ENV": "production", "SECRET_KEY": "short"}, "SECRET_KEY"),
    ({"APP_ENV": "production", "SECRET_KEY": SECRET, "DEMO_STAFF": "1"}, "DEMO_STAFF"),
    ({"APP_ENV": "production", "SECRET_KEY": SECRET, "SECURE_COOKIES": "0"}, "SECURE_COOKIES"),
]


@pytest.mark.parametrize(("wrong", "named"), REFUSALS)
def test_a_wrong_setting_stops_the_start_with_one_line_that_names_it(
    surroundings: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wrong: dict[str, str], named: str
) -> None:
    for name, value in wrong.items():
        surroundings.setenv(name, value)
    assert main([]) != 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Bankside cannot start. ")
    assert named in line
    assert SECRET not in line


def test_settings_are_read_from_the_env_file_too(
    surroundings: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("PORT=harbour\n")
    assert main([]) != 0
    assert "PORT" in capsys.readouterr().err


def test_a_broken_secret_file_is_not_replaced_in_silence(
    surroundings: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "instance").mkdir()
    (tmp_path / "instance" / "secret_key").write_text("cut off")
    assert main([]) != 0
    (line,) = capsys.readouterr().err.splitlines()
    assert "secret_key" in line
    assert (tmp_path / "instance" / "secret_key").read_text() == "cut off"


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_production_refuses_a_database_with_demo_staff(
    place: Place, surroundings: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"APP_ENV": "production", "SECRET_KEY": SECRET, "DATABASE_URL": url_of(place)}.items():
        surroundings.setenv(name, value)
    assert main([]) != 0
    (line,) = capsys.readouterr().err.splitlines()
    assert "demo staff" in line


def test_paths_relative_to_the_folder_one_starts_in_mean_that_folder(
    surroundings: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    surroundings.setenv("INSTANCE_PATH", "kept/here")
    config = Config.from_env()
    assert config.instance_path == tmp_path / "kept" / "here"
    assert config.effective_database_url == f"sqlite:///{tmp_path}/kept/here/bankside.db"
    surroundings.setenv("DATABASE_URL", "sqlite:///own.db")
    assert Config.from_env().effective_database_url == f"sqlite:///{tmp_path}/own.db"


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_command_takes_no_reply_away_from_the_server_that_is_making_it(place: Place, tmp_path: Path) -> None:
    with place.app.app_context():
        work = claimed(ask(open_chat()))
        done = subprocess.run(
            [sys.executable, "-m", "flask", "sessions", "cleanup", "--days", "30", "--dry-run"],
            cwd=ROOT,
            env=environment(tmp_path, url_of(place), free_port()),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "0 sessions would be deleted" in done.stdout
        assert column(place, "SELECT state FROM reply") == ["running"]
        assert finish(work)
