"""`python -m tests.screenshots` (`make screenshot`): the README's pictures, from a real session on a new instance."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests import chromium
from tests.browser.conftest import Records
from tests.browser.desk import ARGUMENTS, Desk
from tests.server import ROOT, Server, running

PICTURES = ROOT / "docs"
PHONE = {"width": 390, "height": 844}
LARGEST = 300_000  # bytes
EARLIER = (  # customer, question, how long ago, status
    ("10-2078", "Why did her transfer to Autohaus Seidler fail?", "-2 days", "resolved"),
    ("10-2057", "Zur Alten Mole charged too much", "-1 day", "waiting"),
    ("", "What is the cut-off time for SEPA transfers?", "-3 hours", "active"),
    ("10-2063", "Card blocked after wrong PINs", "-47 minutes", "escalated"),
    ("10-2042", "Was anything charged twice?", "-12 minutes", "active"),
)
QUESTIONS = (
    "What does an express replacement card cost?",
    "Show the last 3 payments with card 4417",
)


def set_the_scene(desk: Desk, server: Server) -> None:
    """A teller's day so far."""
    records = Records(server.folder / "bankside.db")
    for customer, question, ago, status in EARLIER:
        chat_id = desk.start(customer, question)
        records.change(
            "UPDATE chat_session SET last_activity_at = datetime(last_activity_at, ?) || '.000000', status = ?"
            " WHERE id = ?",
            ago, status, chat_id,
        )  # fmt: skip


def take(desk: Desk, name: str) -> None:
    """Store the window as docs/<name>.png."""
    desk.page.wait_for_timeout(300)  # fonts and the last 120 ms of motion
    path = PICTURES / f"{name}.png"
    desk.page.screenshot(path=path, animations="disabled", caret="hide")
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {size // 1000} kB")
    assert size < LARGEST, f"{path} is larger than {LARGEST} bytes"


def walk(browser: Browser, server: Server) -> None:
    """Sign in, ask, look at a source; a picture wherever it is worth one."""
    desk = Desk.open(browser, server.url)
    desk.go("/")
    take(desk, "sign-in")
    desk.sign_in("teller")
    set_the_scene(desk, server)
    chat_id = desk.start("10-2041")
    for question in QUESTIONS:
        desk.ask(question)
    desk.page.get_by_role("link", name="Rename this session").click()
    desk.page.get_by_label("Title", exact=True).fill("Lost card, replacement by Friday")
    desk.page.keyboard.press("Enter")
    desk.page.get_by_role("heading", name="Lost card, replacement by Friday").wait_for()
    desk.page.reload()
    cited = desk.reply(0).locator(".cite").first
    cited.click()
    desk.page.locator("#source[data-opened]").wait_for()
    desk.box.click()
    desk.page.evaluate("log.scrollTop = log.scrollHeight")
    take(desk, "session")
    desk.page.emulate_media(color_scheme="dark")
    take(desk, "session-dark")

    phone = Desk.open(browser, server.url, viewport=PHONE, is_mobile=True, device_scale_factor=2)
    phone.sign_in("teller")
    phone.show(chat_id)
    phone.reply()
    take(phone, "session-phone")
    complaints = desk.complaints.unexpected + phone.complaints.unexpected
    assert complaints == [], complaints


def main() -> int:
    """0 when all pictures are taken."""
    path = chromium.installed()
    if path is None:
        print(chromium.ADVICE, file=sys.stderr)
        return 1
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder)) as server,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=path, args=ARGUMENTS) as browser,
    ):
        walk(browser, server)
    return 0


if __name__ == "__main__":
    sys.exit(main())
