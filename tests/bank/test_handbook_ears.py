"""The shipped handbook's marks agree with its words: what may be read to a customer gives no orders to staff."""

from __future__ import annotations

import re

import pytest

from webapp.bank.articles import SANDBOX_HANDBOOK, Article, read_articles

# What only staff do, said as one is told to do it. Prose for customers says what happens instead.
ORDERS = (
    "Verify the customer", "Tell the customer", "Ask (?:the customer|what|whether|when|how|for)", "Let the customer",
    "Do not (?:blame|guess|promise)", "Name the (?:sum|fee|new)", "Read back", "Offer (?:it|the|a|to)",
    "Note (?:it|the|what)",
    "Remind the customer", "Block (?:the card|what)", "Treat it as", "Find the (?:booking|dispute|transfer)", "Say:",
)  # fmt: skip
TOLD_TO_STAFF = re.compile(rf"(?:^|(?<=[.!?:] )|^\d+\. )(?:{'|'.join(ORDERS)})|\bpass the call\b", re.MULTILINE)


@pytest.fixture(scope="module")
def articles() -> list[Article]:
    return read_articles(SANDBOX_HANDBOOK)


def test_what_may_be_read_to_a_customer_does_not_tell_staff_what_to_do(articles: list[Article]) -> None:
    found = [
        (article.id, section.heading, told.group())
        for article in articles
        for section in article.sections
        if section.audience == "customer" and (told := TOLD_TO_STAFF.search(section.text))
    ]
    assert found == []


def test_that_scan_finds_what_it_looks_for_in_sections_for_staff(articles: list[Article]) -> None:
    told = [
        section for article in articles for section in article.sections
        if section.audience == "staff" and TOLD_TO_STAFF.search(section.text)
    ]  # fmt: skip
    assert len(told) > 10
