"""The team with a language model. Where it cannot answer, the team with the built-in model does, and says so."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from webapp.agents.assistant import Assistant
from webapp.agents.models.chat_completions.asked_for import StaffWords, guarded
from webapp.agents.models.chat_completions.breaker import State
from webapp.agents.models.chat_completions.endpoint import Endpoint
from webapp.agents.models.chat_completions.failures import SENTENCES, ModelFailed, Reason
from webapp.agents.models.chat_completions.instructions import prompt_version
from webapp.agents.models.chat_completions.known import OverhearingBank, known_at, names_said
from webapp.agents.models.chat_completions.spending import Ledger, ModelUse, Tally
from webapp.agents.models.chat_completions.talk import Question, Talk, deadline
from webapp.agents.models.chat_completions.veil import Veil
from webapp.agents.models.chat_completions.writing import Letter
from webapp.agents.roster import Roster
from webapp.agents.tools import TOOLS
from webapp.agents.tools.registry import Registry
from webapp.agents.transcript import Answer, Desk, Line, Step, Tell
from webapp.bank.errors import BankError


def notice(reason: Reason) -> str:
    """The line at the end of an answer that the built-in model gave in the language model's place."""
    return f"*Answered by the built-in rules: {SENTENCES[reason]}.*"


@dataclass(frozen=True, slots=True)
class Place:
    """What the team with a language model needs to know of the installation."""

    bank_name: str
    secret: bytes  # placeholders are derived from it
    mask: Callable[[str], str] = str  # takes card numbers and PINs out of a text


class TeamWithModel:
    """Answers as `Assistant` does. Holds nothing of a question, so one instance serves all threads."""

    def __init__(
        self,
        endpoint: Endpoint,
        roster: Roster,
        built_in: Assistant,
        ledger: Ledger,
        place: Place,
        tools: Registry = TOOLS,
    ) -> None:
        self.endpoint = endpoint
        self.version = prompt_version(roster, tools)
        self._roster = roster
        self._tools = tools
        self._built_in = built_in
        self._ledger = ledger
        self._place = place

    @property
    def state(self) -> State:
        """Whether the endpoint is asked at the moment."""
        return self.endpoint.breaker.state

    def answer(self, lines: Sequence[Line], desk: Desk, tell: Tell) -> Answer:
        """Answer the last line, in any case: with the language model, or else with the built-in one."""
        tally = Tally(self.endpoint.settings.prices)
        started = time.perf_counter()
        failure: Reason | None = "stopped"  # unless something else is known
        try:
            answer = self._asked(lines, desk, tell, tally)
            failure = None
            return answer
        except ModelFailed as failed:
            failure = failed.reason
        except BankError:
            failure = "records"
        except Exception:  # a defect of the client or of ours costs nobody an answer
            failure = "defect"
        finally:
            self._note(desk, tally, failure, time.perf_counter() - started)
        said = notice(failure)
        tell(Step("The built-in rules answer instead", partial=said))  # in the place of what had been said so far
        answer = self._built_in.answer(lines, desk, tell)
        return replace(answer, text=f"{answer.text}\n\n{said}")

    def _asked(self, lines: Sequence[Line], desk: Desk, tell: Tell, tally: Tally) -> Answer:
        left = self._ledger.left(desk.asker)
        refusal = left.refusal(0)
        if refusal is not None:
            raise ModelFailed(refusal)
        if self.state == "open":  # known beforehand: the records need not be read for it
            raise ModelFailed("resting")
        tell(Step("Asking the language model"))
        veil = Veil(self._key_of(desk), self._place.mask)
        veil.learn(known_at(desk))
        veil.learn(known for line in lines if line.who == "staff" for known in names_said(line.text))
        if desk.customer is not None:
            desk = replace(desk, bank=OverhearingBank(desk.bank, veil, desk.customer))
        question = Question(lines, desk, tell, deadline(self.endpoint.settings.turn_seconds), left)
        talk = Talk(self.endpoint, Letter(veil, self._place.bank_name), question, tally)
        tools = guarded(self._tools, StaffWords.of(lines))
        return Assistant(talk, self._roster, tools).answer(lines, desk, tell)

    def _key_of(self, desk: Desk) -> bytes:
        return hashlib.blake2b(desk.asker.session.encode(), key=self._place.secret[:64], digest_size=32).digest()

    def _note(self, desk: Desk, tally: Tally, failure: Reason | None, seconds: float) -> None:
        use = ModelUse(
            model=self.endpoint.settings.model,
            prompt=self.version,
            tools=tuple(tally.tools),
            requests=tally.requests,
            tokens_in=tally.tokens_in,
            tokens_out=tally.tokens_out,
            estimated=tally.estimated,
            cost=tally.cost,
            milliseconds=round(seconds * 1000, 1),
            failure=failure,
        )
        self._ledger.note(desk.asker, use)
