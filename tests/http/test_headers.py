"""What every answer carries, errors included: content policy, no-store, cookies that scripts cannot read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.conftest import CHEAP
from tests.visitor import HTMX, PASSWORD, Visitor
from tests.web.rows import ON_SQLITE
from webapp import create_app
from webapp.config import Config

pytestmark = ON_SQLITE

ANSWERS = [
    ("GET", "/sign-in", 200),
    ("GET", "/", 302),
    ("GET", "/nothing-here", 404),
    ("POST", "/sign-in", 400),
    ("POST", "/", 405),
    ("TRACE", "/sign-in", 405),
    ("GET", "/?q=%00", 400),
    ("GET", "/health/ready", 200),
    ("OPTIONS", "/sign-in", 200),
]


def policy(answer: TestResponse) -> dict[str, list[str]]:
    """The content policy, by directive."""
    directives = [part.split() for part in answer.headers["Content-Security-Policy"].split(";")]
    return {words[0]: words[1:] for words in directives}


def assert_guarded(answer: TestResponse) -> None:
    """Everything that belongs on every answer."""
    csp = policy(answer)
    assert csp["default-src"] == ["'self'"]
    assert csp["object-src"] == csp["base-uri"] == csp["frame-ancestors"] == ["'none'"]
    assert csp["form-action"] == csp["style-src"] == csp["connect-src"] == ["'self'"]
    assert re.fullmatch(r"'nonce-[\w-]{24}'", csp["script-src"][1])
    assert csp["script-src"][0] == "'self'"
    for directive, sources in csp.items():
        for source in sources if directive != "report-uri" else []:
            assert re.fullmatch(r"'(self|none|nonce-[\w-]+)'", source), f"{directive} {source}"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-ID"])
    assert not [name for name in dict(answer.headers) if name.lower().startswith("access-control-")]
    assert "Werkzeug" not in answer.headers.get("Server", "")
    assert "X-Powered-By" not in answer.headers


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_every_answer_is_guarded_and_not_stored(visitor: Visitor, method: str, path: str, status: int) -> None:
    answer = visitor.client.open(path, method=method, headers={"Origin": "http://localhost"})
    assert answer.status_code == status
    assert_guarded(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    if answer.data:
        assert answer.content_type in ("text/html; charset=utf-8", "application/json")


def test_private_pages_fragments_and_failures_are_guarded_too(teller: Visitor) -> None:
    chat_id = teller.start()
    for path in ("/", f"/chat/{chat_id}", "/sign-ins", "/password", f"/sessions/{chat_id}/end", "/?status=nonsense"):
        for headers in ({}, HTMX):
            answer = teller.client.get(path, headers=headers)
            assert_guarded(answer)
            assert answer.headers["Cache-Control"] == "no-store"
            assert {"HX-Request", "Cookie"} <= {
                name.strip() for name in ",".join(answer.headers.getlist("Vary")).split(",")
            }


def test_an_unexpected_error_is_guarded_too(app: Flask, teller: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.view_functions, "auth.my_sign_ins", lambda: 1 / 0)
    answer = teller.client.get("/sign-ins")
    assert answer.status_code == 500
    assert_guarded(answer)
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_answer_has_a_nonce_of_its_own_and_scripts_carry_it(teller: Visitor) -> None:
    nonces = set()
    for _ in range(3):
        answer = teller.get("/")
        nonce = policy(answer)["script-src"][1].removeprefix("'nonce-").rstrip("'")
        nonces.add(nonce)
        scripts = teller.page.select("script")
        assert scripts
        assert {str(script["nonce"]) for script in scripts} == {nonce}
        assert {str(part["hx-nonce"]) for part in teller.page.select("[hx-nonce]")} == {nonce}
    assert len(nonces) == 3


def test_no_page_carries_a_script_or_style_of_its_own(teller: Visitor) -> None:
    chat_id = teller.start(opening="What are the opening hours?")
    teller.answer(chat_id)
    for path in ("/", f"/chat/{chat_id}", "/sign-ins", "/password", f"/sessions/{chat_id}/end", "/nothing-here"):
        teller.get(path)
        assert [script.get_text() for script in teller.page.select("script") if script.get_text().strip()] == []
        assert teller.page.select("style, iframe, object, embed, base, [style]") == []
        for part in teller.page.find_all(True):
            assert not [name for name in part.attrs if name.startswith(("on", "hx-on"))]
        for part in teller.page.select("[src], link[href]"):
            assert str(part.get("src") or part.get("href")).startswith(("/static/", "#"))


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost", "http://localhost.evil.example"])
def test_no_origin_is_let_in_by_cors(teller: Visitor, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-csrftoken"}
    for method in ("GET", "OPTIONS"):
        answer = teller.client.open("/", method=method, headers=asked)
        assert not [name for name in dict(answer.headers) if name.lower().startswith("access-control-")]


def test_a_public_page_is_not_a_guess_at_who_is_there(visitor: Visitor) -> None:
    for path in ("/health", "/health/live", "/health/ready"):
        text = visitor.client.get(path).text
        assert not re.search(r"\d+\.\d+|flask|werkzeug|python|sqlite|postgres", text, re.IGNORECASE)


@pytest.mark.parametrize(
    "path",
    [
        "/chat/x.css", "/chat/x.js", "/.css", "/x.css", "/sign-ins/x.css", "/sign-ins;x.css", "/sign-ins%2fx.css",
        "/password/.css", "/sessions/x.png", "/%2e%2e/x.css", "//x.css", "/sign-ins%0ax.css", "/sign-ins/..%2fx.css",
    ],
)  # fmt: skip
def test_an_address_that_looks_like_a_file_never_gives_a_page_a_cache_may_keep(teller: Visitor, path: str) -> None:
    answer = teller.client.get(path)
    assert answer.status_code in (308, 400, 404)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Tom Reuter's" not in answer.text


def test_a_chat_with_a_file_name_behind_it_is_not_found(teller: Visitor) -> None:
    chat_id = teller.start(opening="A private matter")
    for ending in ("/x.css", ";x.css", "%2fx.css", ".css", "%00.css", "%3f.css", "/%2e%2e%2fx.css", "%0d%0aX: y"):
        answer = teller.client.get(f"/chat/{chat_id}{ending}")
        assert answer.status_code in (400, 404)
        assert answer.headers["Cache-Control"] == "no-store"


# Cookies


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(visitor: Visitor) -> None:
    visitor.get("/sign-in")
    for answer in (visitor.get("/sign-in"), visitor.post("/sign-in", username="teller", password=PASSWORD)):
        for line in answer.headers.getlist("Set-Cookie"):
            assert line.startswith("bankside=")
            assert "HttpOnly" in line
            assert "SameSite=Lax" in line
            assert "Path=/" in line
            assert "Domain" not in line


def test_the_cookie_stays_small_after_many_sessions_and_notes(teller: Visitor) -> None:
    for _ in range(20):
        chat_id = teller.start()
        teller.post(f"/sessions/{chat_id}/end", reason="mistake", summary="")
    cookie = teller.client.get_cookie("bankside")
    assert cookie
    assert len("bankside=" + cookie.value) < 4096


def test_the_cookie_says_little_and_is_not_pickled(teller: Visitor) -> None:
    teller.start()
    with teller.client.session_transaction() as cookie:
        kept = set(cookie)
        assert cookie.get("_flashes") is None
    assert kept <= {"_user_id", "_fresh", "_id", "csrf_token", "chat_id"}


def test_over_https_the_cookie_is_secure_and_bound_to_the_host(app: Flask, tmp_path: Path) -> None:
    assert app.config["SESSION_COOKIE_SECURE"] is False, "the demo is served over plain HTTP on loopback"
    secure = create_app(Config.from_env(_env_file=None, instance_path=tmp_path, secure_cookies=True, **CHEAP))
    page = secure.test_client().get("/sign-in", base_url="https://localhost")
    [line] = page.headers.getlist("Set-Cookie")
    assert line.startswith("__Host-bankside=")
    assert "Secure" in line
    assert "Path=/" in line
    assert "Domain" not in line
    found = re.fullmatch(r"max-age=(\d+); includeSubDomains", page.headers["Strict-Transport-Security"])
    assert found is not None
    assert int(found[1]) >= 31_536_000


def test_over_plain_http_browsers_are_not_told_to_insist_on_https(visitor: Visitor) -> None:
    assert "Strict-Transport-Security" not in visitor.get("/sign-in").headers


def test_forwarded_headers_count_only_behind_a_configured_proxy(app: Flask, tmp_path: Path) -> None:
    forged = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "X-Forwarded-For": "203.0.113.9"}
    alone = app.test_client().get("/", headers=forged)
    assert alone.headers["Location"].startswith("/sign-in")
    config = Config.from_env(_env_file=None, instance_path=tmp_path, trusted_proxies=1, **CHEAP)
    behind = create_app(config)
    seen: dict[str, str] = {}

    @behind.before_request
    def look() -> str:
        from flask import request

        seen.update(scheme=request.scheme, host=request.host, address=request.remote_addr or "")
        return "seen"

    behind.test_client().get("/health/live", headers=forged)
    assert seen == {"scheme": "https", "host": "evil.example", "address": "203.0.113.9"}
