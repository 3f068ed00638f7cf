"""Ids sort by the time they were made, cannot be guessed, and look like nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from tests.services.steps import open_chat
from webapp.extensions import db
from webapp.http.unit_of_work import unit_of_work
from webapp.models import ChatSession, Draft
from webapp.models import base as base_module
from webapp.models.base import CROCKFORD, ID_PATTERN, UtcDateTime, new_id, now
from webapp.services.request_ids import REQUEST_ID_PATTERN, new_request_id


@given(st.lists(st.integers(0, 2**50 - 1), min_size=2, max_size=20, unique=True))
def test_ids_sort_like_the_milliseconds_they_were_made_in(moments: list[int]) -> None:
    made = []
    with pytest.MonkeyPatch.context() as patch:
        for moment in moments:
            patch.setattr(base_module.time, "time_ns", lambda moment=moment: moment * 1_000_000)
            made.append((moment, new_id("sess")))
    assert [one[1] for one in sorted(made)] == sorted(one[1] for one in made)


def test_an_id_has_a_prefix_and_characters_that_cannot_be_confused() -> None:
    for prefix in ("sess", "thread"):
        assert re.fullmatch(rf"{prefix}_{ID_PATTERN}", new_id(prefix))
    assert not set("ilou") & set(CROCKFORD)


def test_ids_made_in_the_same_moment_differ_in_130_random_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_module.time, "time_ns", lambda: 1_800_000_000_000_000_000)
    ids = [new_id("sess") for _ in range(4000)]
    assert len(set(ids)) == len(ids)
    assert len({one[:15] for one in ids}) == 1, "the time comes first"
    tails = [one[15:] for one in ids]
    assert len(tails[0]) * 5 == 130
    for place in range(26):  # every one of the 32 characters turns up at every place
        assert len({tail[place] for tail in tails}) == 32


def test_an_id_of_the_far_future_still_fits_its_column() -> None:
    assert len(new_id("thread")) <= 48


def test_a_request_id_is_what_forms_accept_and_never_the_same() -> None:
    ids = {new_request_id() for _ in range(2000)}
    assert len(ids) == 2000
    assert all(re.match(REQUEST_ID_PATTERN, one) for one in ids)
    assert not re.match(REQUEST_ID_PATTERN, "short")
    assert not re.match(REQUEST_ID_PATTERN, new_request_id() + "\n")


@pytest.mark.usefixtures("in_app")
def test_every_database_sorts_ids_byte_by_byte() -> None:
    first = [open_chat() for _ in range(5)]
    with unit_of_work():
        assert list(db.session.scalars(select(ChatSession.id).order_by(ChatSession.id))) == sorted(first)
        assert db.session.scalar(text("SELECT count(*) FROM chat_session WHERE id < 'sess_z'")) == 5


@pytest.mark.usefixtures("in_app")
def test_moments_come_back_aware_in_utc_and_naive_ones_are_refused(app: Flask) -> None:
    chat_id = open_chat()
    there = datetime(2026, 7, 1, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    with unit_of_work():
        chat = db.session.get_one(ChatSession, chat_id)
        chat.ended_at = there
    with unit_of_work():
        kept = db.session.get_one(ChatSession, chat_id, populate_existing=True).ended_at
        assert kept == there
        assert kept is not None
        assert kept.tzinfo == UTC
        assert kept.isoformat() == "2026-06-30T22:30:00+00:00"
    with pytest.raises(ValueError, match="time zone"):
        UtcDateTime().process_bind_param(datetime(2026, 7, 1), db.engine.dialect)
    assert now().tzinfo == UTC
    assert isinstance(Draft.__table__.c.updated_at.type, UtcDateTime)
