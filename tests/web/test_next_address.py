"""After signing in one lands on a page of ours, whatever the address said."""

from __future__ import annotations

from urllib.parse import quote, urljoin, urlsplit

import pytest

from tests.visitor import PASSWORD, Visitor
from tests.web.rows import ON_SQLITE
from webapp.auth.views import own_path

pytestmark = ON_SQLITE

ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\u00a0//evil.example",
    "/ /evil.example",
    "http://evil.example",
    "https://evil.example",
    "HTTPS://evil.example",
    "http:evil.example",
    "http:/evil.example",
    "http:\\\\evil.example",
    "https:///evil.example",
    "ftp://evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "//user@evil.example",
    "//localhost@evil.example",
    "http://localhost@evil.example",
    "http://localhost.evil.example",
    "//evil.example/%2f..",
    "//evil.example%00.localhost",
    "/\x00/evil.example",
    "/\x7f/evil.example",
    "/%0d%0aLocation:%20http://evil.example",
    "/%5cevil.example",
    "/%2fevil.example",
    "/.//evil.example",
    "/..//evil.example",
    "/@evil.example",
    "/evil.example:80",
    "evil.example",
    "@evil.example",
    "?next=//evil.example",
    "#//evil.example",
    "\u2044\u2044evil.example",
    "\uff0f\uff0fevil.example",
    "//[::1]",
    "/" + "a" * 600,
]


@pytest.mark.parametrize("target", ELSEWHERE, ids=ascii)
def test_no_form_of_address_leads_off_the_host(visitor: Visitor, target: str) -> None:
    visitor.get(f"/sign-in?next={quote(target, safe='')}")
    for given in (target, visitor.field("next") if visitor.page.select_one("[name=next]") else ""):
        visitor.get("/sign-in")
        answer = visitor.post("/sign-in", username="teller", password=PASSWORD, next=given)
        if answer.status_code == 400:
            continue  # control characters are refused as such
        assert answer.status_code == 303
        assert answer.headers.getlist("Location") == [answer.headers["Location"]]
        # Browsers read a backslash as a slash and drop tabs and line breaks.
        read = answer.headers["Location"].replace("\\", "/").replace("\t", "").replace("\r", "").replace("\n", "")
        assert urlsplit(urljoin("http://localhost/sign-in", read)).netloc == "localhost"
        visitor.post("/sign-out", csrf_token=_fresh(visitor))


def _fresh(visitor: Visitor) -> str:
    visitor.get("/")
    return visitor.token


@pytest.mark.parametrize("target", ["/", "/sign-ins", "/?q=a&status=active", "/chat/sess_0?before=3#message-4"])
def test_our_own_paths_are_kept(visitor: Visitor, target: str) -> None:
    assert own_path(target) == target
    visitor.get(f"/sign-in?next={quote(target, safe='')}")
    assert visitor.field("next") == target
    answer = visitor.post("/sign-in", username="teller", password=PASSWORD, next=target)
    assert answer.headers["Location"] == target


def test_the_page_one_wanted_comes_after_signing_in(visitor: Visitor) -> None:
    answer = visitor.get("/?q=keller&status=active")
    assert answer.status_code == 302
    visitor.get(answer.headers["Location"])
    after = visitor.post("/sign-in", username="teller", password=PASSWORD, next=visitor.field("next"))
    assert after.headers["Location"] == "/?q=keller&status=active"
