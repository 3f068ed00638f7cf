"""The documented nginx configuration, with Debian's nginx in front of two app processes on one database."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.ops.conftest import ROOT, answers, wait_until
from tests.server import Server, free_port, running
from tests.work.caller import Caller

SITE = ROOT / "docs" / "ops" / "nginx.conf"
MISSING = "no nginx: install Debian's `nginx-light` package, so that the documented configuration is tested"
AROUND = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u;
    scgi_temp_path {folder}/s;
    include {folder}/site.conf;
}}
"""


@dataclass
class Front:
    """nginx with the apps behind it."""

    url: str
    plain_url: str
    certificate: Path
    apps: tuple[Server, Server]

    def caller(self) -> Caller:
        """A browser that trusts the certificate."""
        caller = Caller(self.url)
        caller.http.close()
        trusting = ssl.create_default_context(cafile=str(self.certificate))
        referrer = {"Referer": f"{self.url}/"}  # browsers send it within a site; over HTTPS it is asked for
        caller.http = httpx.Client(base_url=self.url, timeout=60, trust_env=False, verify=trusting, headers=referrer)
        return caller


def put(text: str, **instead: str) -> str:
    """The site file with the tests' addresses; what is replaced must be there."""
    for before, after in instead.items():
        written = {
            "first": "127.0.0.1:3006",
            "second": "127.0.0.1:3007",
            "plain": "listen 80;",
            "tls": "listen 443 ssl;",
        }
        assert text.count(written[before]) == 1, before
        text = text.replace(written[before], after)
    return text


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """Two apps of one installation, and nginx before them."""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    folder = tmp_path_factory.mktemp("nginx")
    certificate = folder / "fullchain.pem"
    making = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -keyout key.pem -out fullchain.pem"
    words = [*making.split(), "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    database = f"sqlite:///{folder / 'shared.db'}"
    settings = {"SECRET_KEY": "k" * 48, "TRUSTED_PROXIES": 1, "SECURE_COOKIES": 1}
    with (
        running(folder / "one", database, **settings) as one,
        running(folder / "two", database, **settings) as two,
    ):
        plain, tls = free_port(), free_port()
        site = put(
            SITE.read_text().replace("/etc/ssl/bankside", str(folder)).replace("desk.bank.example", "127.0.0.1"),
            first=one.url.removeprefix("http://"),
            second=two.url.removeprefix("http://"),
            plain=f"listen 127.0.0.1:{plain};",
            tls=f"listen 127.0.0.1:{tls} ssl;",
        )
        (folder / "site.conf").write_text(site)
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder))
        subprocess.run([program, "-t", "-c", str(folder / "nginx.conf")], check=True, capture_output=True)
        process = subprocess.Popen([program, "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: answers(f"http://127.0.0.1:{plain}/"), what="nginx")
            yield Front(f"https://127.0.0.1:{tls}", f"http://127.0.0.1:{plain}", certificate, (one, two))
        finally:
            process.terminate()
            process.wait(timeout=10)


def test_plain_http_is_sent_to_https(front: Front) -> None:
    answer = httpx.get(f"{front.plain_url}/sessions?x=1", trust_env=False)
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://127.0.0.1/sessions?x=1")


def test_pages_and_posts_go_through_to_both_apps_with_secure_cookies(front: Front) -> None:
    with front.caller() as caller:
        page = caller.http.get("/sign-in")
        cookie = page.headers["Set-Cookie"]
        assert cookie.startswith("__Host-bankside=")
        assert "Secure" in cookie
        assert "HttpOnly" in cookie
        assert "Strict-Transport-Security" in page.headers
        caller.sign_in()
        chat_id = caller.open_session()
        assert caller.ask(chat_id, "Opening hours").status_code == 200
        for _ in range(6):
            assert caller.http.get(f"/chat/{chat_id}").status_code == 200
    for app in front.apps:
        assert '"endpoint": "chat.show"' in app.output, "both apps answer"


def test_the_apps_see_the_clients_address_and_believe_no_other(front: Front) -> None:
    with front.caller() as caller:
        answer = caller.http.get("/health/live", headers={"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil"})
        request_id = answer.headers["X-Request-ID"]
    line = next(line for app in front.apps for line in app.output.splitlines() if request_id in line)
    assert '"address": "127.0.0.1"' in line


def test_an_event_stream_goes_through_as_it_happens(front: Front) -> None:
    with front.caller().sign_in() as caller, front.caller() as other:
        chat_id = caller.open_session()
        other.http.cookies.update(caller.http.cookies)
        headers = {"Accept": "text/event-stream"}
        with other.http.stream("GET", f"/chat/{chat_id}/events", headers=headers) as stream:
            assert stream.status_code == 200
            assert stream.headers["Content-Type"].startswith("text/event-stream")
            lines = stream.iter_lines()
            assert next(lines).startswith("retry:"), "the first line comes before anything has happened"
            asked_at = time.monotonic()
            assert caller.ask(chat_id, "Opening hours").status_code == 200
            assert next(line for line in lines if line.startswith("event: ")) in (
                "event: changed", "event: step", "event: partial", "event: session", "event: reload",
            )  # fmt: skip
            assert time.monotonic() - asked_at < 10, "well before the keep-alive: nothing is held back"


def test_metrics_are_not_shown_to_the_world_and_a_form_too_large_is_refused_before_the_apps(front: Front) -> None:
    with front.caller() as caller:
        assert caller.http.get("/metrics").status_code == 404
        assert caller.http.get("/health/ready").json() == {"status": "ok"}
        assert caller.http.post("/sessions", content=b"x" * 300_000).status_code == 413


def test_static_files_are_compressed_and_pages_are_not(front: Front) -> None:
    with front.caller() as caller:
        page = caller.http.get("/sign-in", headers={"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in page.headers
        sheet = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
        assert caller.http.get(sheet, headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"


def test_an_app_that_is_gone_is_not_noticed(front: Front) -> None:
    front.apps[1].kill()
    with front.caller().sign_in() as caller:
        chat_id = caller.open_session()
        for number in range(4):
            assert caller.ask(chat_id, f"Opening hours {number}").status_code == 200
