"""Fill an installation: roles; in demo mode also staff, the sandbox bank and its handbook. Never overwrites."""

from __future__ import annotations

from datetime import date
from typing import cast

from flask import Flask
from sqlalchemy import Engine

from webapp.bank.articles import SANDBOX_HANDBOOK
from webapp.bank.sandbox.seeding import roll_forward, seed
from webapp.http.settings import config, passwords
from webapp.http.unit_of_work import unit_of_work
from webapp.services import filing, staff


def seed_everything(app: Flask) -> None:
    """Add what is missing, and bring the sandbox bank up to today; doing it again changes nothing more that day."""
    demo = config().demo
    with unit_of_work():
        staff.add_roles()
        if demo:
            staff.add_demo_staff(passwords())
    if demo:
        engine = cast(Engine, app.extensions["bankside.guests_engine"])
        seed(engine, date.today())
        roll_forward(engine, date.today())
        with unit_of_work():
            filing.import_folder(SANDBOX_HANDBOOK)
