"""The small stories of real life in the sandbox bank: whom they happen to, what one could ask, and when they happen.

Some stories are simply how a customer is (`scene` is None). The others have a first day and are told again, in the
books, when they have grown old, so that the demonstration bank always has something recent to ask about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from webapp.bank.sandbox import scenes
from webapp.bank.sandbox.accounts import Ledger
from webapp.bank.sandbox.dates import ONE_DAY, working_day_until
from webapp.bank.sandbox.entries import Act
from webapp.bank.sandbox.people import Person

STALE_AFTER_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Story:
    """One story: the customer it happens to, one line about it, and a question that staff could ask."""

    key: str
    customer_number: str
    customer_name: str
    summary: str
    ask: str
    scene: Callable[[scenes.Stage], Act] | None = None
    began_ago: int = 0  # days before today at which it starts when told
    lasts: int = 0  # days from its start to the last thing that happens in it
    fresh_for: int = STALE_AFTER_DAYS  # days after its end until it is told again
    once: bool = False  # never told again
    on_working_day: bool = False  # begins on a working day when the books are first written

    def is_stale(self, started_on: date, today: date) -> bool:
        """Whether it is time to tell it again."""
        return not self.once and today > started_on + timedelta(days=self.lasts + self.fresh_for)

    def next_start(self, today: date, last_day: date) -> date:
        """When it starts if told again: as long ago as it should be, but after what is already in the books."""
        return max(last_day + ONE_DAY, self.first_start(today))

    def first_start(self, today: date) -> date:
        """When it starts if the books are written for the first time."""
        start = today - timedelta(days=self.began_ago)
        return working_day_until(start) if self.on_working_day else start

    def act(self, person: Person, ledgers: list[Ledger], started_on: date, occurrence: int) -> Act:
        """Everything that happens in it, told from this day on; `occurrence` counts the tellings from 0."""
        if self.scene is None:
            return Act()
        place = next(n for n, story in enumerate(STORIES) if story.key == self.key)
        return self.scene(scenes.Stage(person, ledgers, started_on, occurrence, place))


STORIES: Final = (
    Story("lost card", "10-2041", "Maria Keller",
          "Lost her debit card ending 4417; it is still active and was last used at Hafen Bakery.",
          "Is Maria Keller's card ending 4417 still active, and where was it last used?"),
    Story("duplicate charge", "10-2042", "Tobias Brandt",
          "Charged twice within two minutes, 64.90 EUR each, by Fahrradwerk Altmarkt.",
          "Was Tobias Brandt charged twice, and what can he do?",
          scenes.duplicate_charge, began_ago=5, lasts=2),
    Story("wrong amount", "10-2057", "Ingrid Sommer",
          "Zur Alten Mole authorised 48.60 EUR but booked 84.60 EUR.",
          "Which restaurant payment does Ingrid Sommer contest, and by how much is it too high?",
          scenes.wrong_amount, began_ago=4, lasts=2),
    Story("blocked card", "10-2063", "Jonas Ritter",
          "Debit card ending 9954 blocked after three wrong PINs at a cash machine.",
          "Why is Jonas Ritter's card blocked and how is it unblocked?",
          scenes.blocked_card, began_ago=2, lasts=0),
    Story("failed transfer", "10-2078", "Leila Haddad",
          "A transfer of 4,200.00 EUR for a used car failed: not enough money on the account.",
          "Why did Leila Haddad's transfer fail?",
          scenes.failed_transfer, began_ago=6, lasts=4),
    Story("overdraft interest", "10-2084", "Oliver Pratt",
          "Is overdrawn towards the end of most months and pays overdraft interest for it.",
          "How much overdraft interest did Oliver Pratt pay last month, and why?"),
    Story("late salary", "10-2090", "Sofia Lindqvist",
          "Her salary comes on the 25th, but every second month the payroll run is five days late.",
          "When did Sofia Lindqvist's last salaries arrive?"),
    Story("declined abroad", "10-2102", "Daniel Okoye",
          "Debit card ending 8841 declined in Lisbon after another payment there; he has since confirmed it was him.",
          "Why was Daniel Okoye's card declined abroad?",
          scenes.declined_abroad, began_ago=4, lasts=2),
    Story("subscription not ended", "10-2115", "Petra Vogel",
          "Studio Vitalis confirmed the end of her membership with a refund, then charged 29.90 EUR again.",
          "Did Studio Vitalis charge Petra Vogel after her membership ended?",
          scenes.subscription_not_ended, began_ago=20, lasts=12),
    Story("open fraud alert", "10-2121", "Amelia Hartley",
          "Three online payments within half an hour on card ending 6670; the fraud alert is open.",
          "What is behind the fraud alert on Amelia Hartley?",
          scenes.open_fraud_alert, began_ago=1, lasts=2),
    Story("vulnerable customer", "10-2133", "Margarete Thoma",
          "Aged and hard of hearing; a daughter holds power of attorney; the note says how to talk to her.",
          "What must I bear in mind when speaking to Margarete Thoma?"),
    Story("deceased customer", "10-2140", "Heinrich Albers",
          "Has died; accounts frozen, card blocked; the last pension was returned to its payer.",
          "Can I pay anything out from Heinrich Albers's account?",
          scenes.deceased_customer, began_ago=40, lasts=30, once=True),
    Story("card not activated", "10-2158", "Yusuf Demir",
          "Old debit card ending 4930 expired; its replacement ending 8215 is not yet activated.",
          "Why can't Yusuf Demir pay with his new card?"),
    Story("review overdue", "10-2166", "Claudia Wirth",
          "Her KYC review is overdue and two reminders went unanswered.",
          "Is Claudia Wirth's KYC review up to date?"),
    Story("student", "10-2172", "Finn Petersen",
          "Student Current, free of charge, no overdraft; lives on an allowance and a student job.",
          "What does Finn Petersen pay for his account?"),
    Story("international transfer", "10-2188", "Bootswerft Harms GmbH",
          "A transfer to a sailmaker outside SEPA is on its way; fee 0.15 %.",
          "Where is the boatyard's transfer to Canvas & Keel Ltd?",
          scenes.international_transfer, began_ago=1, lasts=4, fresh_for=2, on_working_day=True),
    Story("small business", "10-2195", "Café Morgenrot Nadia Costa e.K.",
          "A café with takings, wages, supplier invoices and tax; its review is nearly due every year.",
          "How much did Café Morgenrot pay in wages last month?"),
    Story("print studio", "10-2203", "Lindenau Print Studio GmbH",
          "A print shop with a business credit card; pays 12.50 EUR a month for its account.",
          "What did the print studio spend on supplies in the last 30 days?"),
    Story("no cash dispensed", "10-2210", "Gregor Stein",
          "A cash machine booked 200.00 EUR but paid nothing out; the dispute needs evidence.",
          "What is missing in Gregor Stein's dispute, and by when?",
          scenes.no_cash_dispensed, began_ago=6, lasts=3),
    Story("goods not received", "10-2224", "Hannah Whitcombe",
          "Paid 349.00 EUR to Kistenwelt Online by credit card, nothing came; under review with provisional credit.",
          "How far is Hannah Whitcombe's dispute?",
          scenes.goods_not_received, began_ago=28, lasts=24),
    Story("dispute won", "10-2231", "Karl-Heinz Bauer",
          "A dispute over a cancelled trip was decided for him and 186.00 EUR came back.",
          "Did Karl-Heinz Bauer get his money back?",
          scenes.dispute_won, began_ago=36, lasts=32),
    Story("personal loan", "10-2247", "Elif Kaya",
          "Pays off a personal loan and would like to repay part of it early.",
          "What does Elif Kaya still owe, and when is the next instalment?"),
    Story("premium customer", "10-2252", "Rupert Ainsley",
          "Premium customer with a home loan, a fixed saver, and a saver for his child.",
          "What does Rupert Ainsley have with us?"),
    Story("scheduled transfer", "10-2269", "Monika Schreiber",
          "A transfer of 240.00 EUR to a craftsman is scheduled; she would like to cancel it in time.",
          "Can Monika Schreiber's scheduled transfer still be cancelled?",
          scenes.scheduled_transfer, began_ago=2, lasts=12, fresh_for=0),
    Story("unknown direct debit", "10-2276", "Thomas Eriksen",
          "Prisma Gewinnspiel Service collected 49.90 EUR without a mandate he knows of.",
          "Can Thomas Eriksen get the direct debit by Prisma back?",
          scenes.unknown_direct_debit, began_ago=8, lasts=0),
    Story("near the limit", "10-2283", "Beatrix Falk",
          "Credit card close to its limit; pays little more than the minimum, and interest every month.",
          "What does Beatrix Falk pay each month on her credit card?"),
    Story("wrong recipient", "10-2290", "Luca Moretti",
          "Sent 480.00 EUR to the wrong person; the transfer is completed and he wants it recalled.",
          "Can Luca Moretti's transfer be recalled?",
          scenes.wrong_recipient, began_ago=4, lasts=4),
    Story("dormant savings", "10-2305", "Agnes Dorn",
          "Her Instant Saver has seen nothing but yearly interest for years.",
          "When did Agnes Dorn last use her savings account?"),
    Story("moved house", "10-2312", "Mia Sandberg",
          "Has moved; proof of the new address is missing.",
          "What do we still need from Mia Sandberg?"),
    Story("holiday abroad", "10-2336", "Greta Nowak",
          "Paid and drew cash in Swiss francs on holiday; 1.75 % and cash machine fees were charged.",
          "Which fees did Greta Nowak's holiday cost her?",
          scenes.holiday_abroad, began_ago=12, lasts=8),
)  # fmt: skip
