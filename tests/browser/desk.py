"""What a person does at the desk, in their words, and everything their browser complained about meanwhile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
    Response,
    Route,
    expect,
)

from tests.visitor import PASSWORD, chat_id_in

ANSWERS = re.compile(r"/replies/|/messages\?")  # where a page asks how an answer has come along

ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync "
    "--no-first-run"
).split()
WINDOW = {"width": 1440, "height": 900}


class Complaints:
    """What must not happen in any browser: errors and warnings on the console, and requests to other hosts.

    A violation of the content policy is an error on the console, so it is among them.
    """

    def __init__(self, own_host: str) -> None:
        self._own_host = own_host
        self._expected: list[str] = []
        self.heard: list[str] = []

    def listen(self, context: BrowserContext) -> None:
        """Hear all pages of this browser."""
        context.on("console", self._console)
        context.on("weberror", lambda error: self.heard.append(f"uncaught: {error.error}"))
        context.on("request", self._request)

    def expect(self, part: str) -> None:
        """Say that this is going to be on the console, because the test makes it happen."""
        self._expected.append(part)

    @property
    def unexpected(self) -> list[str]:
        """What nobody announced."""
        return [heard for heard in self.heard if not any(part in heard for part in self._expected)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning", "assert"}:
            self.heard.append(f"{message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in {"data", "blob"} and address.netloc != self._own_host:
            self.heard.append(f"asked another host: {request.url}")


class Desk:
    """One window in one browser."""

    def __init__(self, page: Page, url: str, complaints: Complaints) -> None:
        self.page = page
        self.url = url
        self.complaints = complaints

    @classmethod
    def open(cls, browser: Browser, url: str, **options: object) -> Desk:
        """A browser nobody has used before."""
        settings = {"viewport": WINDOW, "locale": "en-GB", "timezone_id": "Europe/Berlin", **options}
        context = browser.new_context(base_url=url, **settings)  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        complaints = Complaints(urlsplit(url).netloc)
        complaints.listen(context)
        return cls(context.new_page(), url, complaints)

    def take_over_the_clock(self) -> None:
        """Move it by hand from now on. For what is being asked when it jumps, the time is up."""
        self.page.clock.install()
        self.complaints.expect("htmx:error: timeout")
        self.complaints.expect("signal is aborted without reason")

    def expect_refusals(self) -> None:
        """The sign-in ends: whatever the page asks from then on is refused, which is said on the console."""
        self.complaints.expect("status of 401")
        self.complaints.expect("SSE reconnect failed with status 401")

    # In and out

    def sign_in(self, username: str, password: str = PASSWORD) -> Desk:
        """Get the cookie of a sign-in without looking at the page; for tests about something else."""
        asking = self.page.context.request
        form = {"username": username, "password": password, "time_zone": "Europe/Berlin"}
        form["csrf_token"] = field_value(asking.get("/sign-in", max_retries=3).text(), "csrf_token")
        answer = asking.post("/sign-in", form=form, max_redirects=0, max_retries=3)
        assert answer.status == 303, answer.text()
        return self

    def another_tab(self) -> Desk:
        """A second tab of the same browser."""
        return Desk(self.page.context.new_page(), self.url, self.complaints)

    def fill_in_and_sign_in(self, username: str, password: str = PASSWORD) -> None:
        """Sign in as people do."""
        self.page.get_by_label("User name").fill(username)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()

    def sign_out(self) -> None:
        """By the person's menu."""
        self.expect_refusals()
        self.page.locator(".person summary").click()
        self.page.get_by_role("button", name="Sign out", exact=True).click()
        self.page.wait_for_url("**/sign-in**")

    # Sessions

    def go(self, path: str = "/") -> Desk:
        """Load a page."""
        self.page.goto(path)
        return self

    def open_session(self, customer: str = "", opening: str = "") -> str:
        """Open a session by HTTP, which is quicker, and leave the page as it is; returns its id."""
        asking = self.page.context.request
        page = asking.get("/", max_retries=3).text()  # a kept connection may just have been closed
        form = {name: field_value(page, name) for name in ("csrf_token", "request_id")}
        form |= {"customer": customer, "opening": opening}
        answer = asking.post("/sessions", form=form, max_redirects=0, max_retries=3)
        assert answer.status == 303, answer.text()
        return chat_id_in(answer.headers["location"])

    def start(self, customer: str = "", opening: str = "") -> str:
        """Open a session and show it, with what was asked answered; returns its id."""
        chat_id = self.open_session(customer, opening)
        self.show(chat_id)
        if opening:
            self.reply(0)
        return chat_id

    def start_by_the_form(self, customer: str = "", opening: str = "") -> None:
        """The same as people do it, from the start page on."""
        self.page.get_by_label("Customer optional").fill(customer)
        self.page.get_by_label("What is it about?").fill(opening)
        self.page.get_by_role("button", name="Start session").click()
        self.page.wait_for_url("**/chat/**")

    def show(self, chat_id: str) -> Desk:
        """Load a session's page."""
        return self.go(f"/chat/{chat_id}")

    @property
    def chat_id(self) -> str:
        """The session on the page."""
        return chat_id_in(self.page.url)

    # The conversation

    @property
    def box(self) -> Locator:
        """Where one writes."""
        return self.page.locator("#composer-text")

    @property
    def questions(self) -> Locator:
        """The words of staff that the server has stored."""
        return self.page.locator("#log article.question .said")

    @property
    def replies(self) -> Locator:
        """The assistant's replies, finished or not."""
        return self.page.locator("#log article.reply")

    @property
    def notice(self) -> Locator:
        """What the page says has gone wrong."""
        return self.page.locator("#notices .notice")

    def reply(self, number: int = -1) -> Locator:
        """The reply with this number (from 0; the last one by default), once it is finished."""
        if number < 0:
            number = self.replies.count() - 1
        reply = self.replies.nth(number)
        expect(reply).not_to_have_attribute("aria-busy", "true")
        return reply

    def ask_without_waiting(self, text: str) -> None:
        """Type a question and press Enter."""
        self.box.fill(text)
        self.box.press("Enter")

    @contextmanager
    def answers_held_up(self) -> Iterator[None]:
        """Whatever the page asks about answers is answered when the block is over."""
        held: list[Route] = []
        self.page.route(ANSWERS, lambda route: held.append(route))  # Playwright marks what it calls
        yield
        self.page.unroute(ANSWERS)
        for route in held:
            with suppress(Error):  # given up by the page meanwhile
                route.continue_()

    def ask(self, text: str) -> Locator:
        """Type a question, press Enter and wait; the finished reply."""
        number = self.replies.count()
        self.ask_without_waiting(text)
        return self.reply(number)

    @contextmanager
    def stored_draft(self) -> Iterator[None]:
        """Type inside; afterwards the server has the draft."""
        with self.page.expect_response(lambda answer: answer.url.endswith("/draft") and answer.status == 204):
            yield

    def sent_messages(self) -> list[Request]:
        """A list that grows with every question the page sends from now on."""
        sent: list[Request] = []
        self.page.on("request", lambda request: sent.append(request) if is_question(request) else None)
        return sent


def field_value(page: str, name: str) -> str:
    """The value of a hidden field in a page's HTML."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found is not None, f"no field {name!r}"
    return found[1]


def is_question(request: Request | Response) -> bool:
    """Whether this is the composer being sent, or its answer."""
    method = request.method if isinstance(request, Request) else request.request.method
    return method == "POST" and request.url.endswith("/chat/messages")


def table_rows(answer: Locator) -> list[list[str]]:
    """The cells of the first table in an answer, its head left out."""
    rows = answer.locator("table").first.locator("tbody tr")
    return [[cell.strip() for cell in row.locator("td").all_inner_texts()] for row in rows.all()]
