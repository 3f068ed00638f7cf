"""The language model of this installation: made from the settings, with its accounts in the database."""

from __future__ import annotations

import hashlib
from decimal import Decimal

from flask import Flask

from webapp import figures
from webapp.agents.assistant import Assistant
from webapp.agents.models.chat_completions.endpoint import Endpoint, Settings
from webapp.agents.models.chat_completions.spending import Left, ModelUse, Prices
from webapp.agents.models.chat_completions.team import Place, TeamWithModel
from webapp.agents.roster import TEAM
from webapp.agents.transcript import Asker
from webapp.config import Config
from webapp.http.events import log
from webapp.http.unit_of_work import reading, unit_of_work
from webapp.models import ModelUse as StoredUse
from webapp.models.model_use import MILLION
from webapp.services import model_uses
from webapp.services.masking import mask_card_secrets


def team_with_model(app: Flask, config: Config, built_in: Assistant) -> TeamWithModel:
    """The team that asks the configured endpoint, and falls back on the built-in one."""
    settings = Settings(
        base_url=config.llm_base_url,
        model=config.llm_model,
        key=config.llm_api_key.get_secret_value(),
        connect_seconds=config.llm_connect_seconds,
        silence_seconds=config.llm_silence_seconds,
        turn_seconds=config.effective_llm_seconds,
        most_tokens=config.llm_max_tokens,
        length_field=config.llm_length_field,
        temperature=config.llm_temperature,
        most_at_once=config.llm_at_once,
        prices=Prices(config.llm_price_in, config.llm_price_out),
    )
    secret = hashlib.blake2b(config.signing_key.encode(), person=b"placeholders").digest()
    place = Place(config.bank_name, secret, mask_card_secrets)
    return TeamWithModel(Endpoint(settings), TEAM, built_in, Accounts(app, config), place)


class Accounts:
    """A `Ledger` in the database. Thinking has no transaction open, so each entry has one of its own."""

    def __init__(self, app: Flask, config: Config) -> None:
        self._app = app
        self._config = config

    def left(self, asker: Asker) -> Left:
        """What may still be spent today. If the accounts cannot be read, nothing: a limit that is not known holds."""
        config = self._config
        if not (config.llm_daily_budget or config.llm_daily_budget_per_person):
            return Left()
        try:
            with self._app.app_context(), reading():
                began = model_uses.today_began(config.default_time_zone)
                of_all = _rest(config.llm_daily_budget, model_uses.spent(began))
                spent = model_uses.spent(began, asker.staff_id) if asker.staff_id is not None else 0
                return Left(of_all, _rest(config.llm_daily_budget_per_person, spent))
        except Exception as error:  # whatever a database raises
            log.error("model.accounts_not_read", kind=type(error).__name__)
            return Left(of_all=0)

    def note(self, asker: Asker, use: ModelUse) -> None:
        """Store an attempt and count it."""
        figures.model_asked(use.failure or "answered", use.requests, use.tokens_in, use.tokens_out)
        log.info("model.asked", reply=asker.reply_id, outcome=use.failure or "answered", requests=use.requests)
        row = StoredUse(
            reply_id=asker.reply_id,
            staff_id=asker.staff_id,
            model=use.model,
            prompt_version=use.prompt,
            tools=list(use.tools),
            requests=use.requests,
            tokens_in=use.tokens_in,
            tokens_out=use.tokens_out,
            estimated=use.estimated,
            cost_micros=use.cost,
            milliseconds=use.milliseconds,
            failure=use.failure,
        )
        try:
            with self._app.app_context(), unit_of_work():
                model_uses.record(row)
        except Exception as error:  # the answer is worth more than its account
            log.error("model.account_not_kept", kind=type(error).__name__)


def _rest(budget: Decimal, spent: int) -> int | None:
    return max(0, int(budget * MILLION) - spent) if budget else None
