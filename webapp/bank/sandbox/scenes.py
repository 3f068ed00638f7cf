"""How the stories happen: each scene sets down, from its first day on, what the bank's records will show of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from webapp.bank.sandbox.accounts import Ledger
from webapp.bank.sandbox.dates import at, working_day_from, working_days_after
from webapp.bank.sandbox.entries import Act, Alert, CardChange, Claim, Entry, Order
from webapp.bank.sandbox.payments import card_payment, paid_abroad
from webapp.bank.sandbox.people import Person
from webapp.bank.sandbox.plans import transfer_dates
from webapp.bank.sandbox.terms import (
    EVIDENCE_DUE_DAYS,
    FOREIGN_ATM_FEE,
    INTERNATIONAL_LEAST,
    INTERNATIONAL_MOST,
    INTERNATIONAL_PERCENT,
    WRONG_PINS_TO_BLOCK,
    cents,
    share,
)
from webapp.bank.values import (
    AccountKind,
    AlertState,
    CardStatus,
    DisputeState,
    TransactionKind,
    TransactionStatus,
    TransferState,
)

CHUR = ("Bergbahn Gipfelblick", "Chur CH", "CHF", 9_420)
INN = ("Gasthaus Steinbock", "Chur CH", "CHF", 9_420)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a scene is played: the customer, the accounts, the first day, how often it was told, its place in line."""

    person: Person
    ledgers: list[Ledger]
    day: date
    occurrence: int
    place: int

    @property
    def checking(self) -> str:
        """The current account's id."""
        return self.ledgers[0].id

    @property
    def credit(self) -> str:
        """The credit card account's id."""
        return next(ledger.id for ledger in self.ledgers if ledger.kind is AccountKind.CREDIT)

    def after(self, days: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
        """A local time so many days into the story."""
        return at(self.day + timedelta(days=days), hour, minute, second)

    def entry_id(self, place: int) -> str:
        """The id of the story's n-th entry."""
        return f"TX-{self.person.digits}-{self.day:%y%m%d}-x{place}"

    def case_number(self, prefix: str) -> str:
        """The number of a dispute (DP) or fraud alert (FA), new at each telling."""
        return f"{prefix}-{1040 + self.place + 100 * self.occurrence}"

    def paid(self, place: int, moment: datetime, amount: int, merchant: str, where: str, category: str) -> Entry:
        """A payment with the debit card."""
        card = self.person.debit_ending
        return card_payment(self.entry_id(place), self.checking, card, moment, amount, merchant, where, category)

    def moved(
        self, place: int, moment: datetime, amount: int, kind: TransactionKind, who: str, text: str, category: str
    ) -> Entry:
        """Any other movement on the current account; a negative amount leaves it."""
        return Entry(self.entry_id(place), self.checking, moment, amount, kind, who, text, category)

    def order(self, moment: datetime, amount: int, to: str, masked: str, kind: str, reference: str) -> Order:
        """A transfer order from the current account, carried out at the usual times."""
        execute_on, arrives_on = transfer_dates(moment, kind)
        return Order(self.checking, to, masked, amount, moment, execute_on, arrives_on, kind, reference)


def _carried_out(stage: Stage, order: Order, place: int) -> Entry:
    """The entry by which an order's money leaves."""
    same_day = order.execute_on == order.ordered_at.date()
    moment = order.ordered_at + timedelta(seconds=4) if same_day else at(order.execute_on, 4, 20)
    text = f"{order.kind} transfer to {order.to_name}, {order.reference}"
    return stage.moved(place, moment, -order.amount, TransactionKind.TRANSFER_OUT, order.to_name, text, "transfers")


def duplicate_charge(stage: Stage) -> Act:
    """One visit to a shop, two bookings of the same amount."""
    shop, where = "Fahrradwerk Altmarkt", "Altmarkt DE"
    return Act(
        entries=(
            stage.paid(1, stage.after(0, 17, 12, 8), 6_490, shop, where, "leisure"),
            stage.paid(2, stage.after(0, 17, 13, 41), 6_490, shop, where, "leisure"),
        )
    )


def wrong_amount(stage: Stage) -> Act:
    """A restaurant authorises one amount and books another."""
    authorised = stage.paid(1, stage.after(0, 20, 46, 20), 4_860, "Zur Alten Mole", "Seebrueck DE", "restaurants")
    booked = stage.paid(2, stage.after(0, 20, 47, 5), 8_460, "Zur Alten Mole", "Seebrueck DE", "restaurants")
    withdrawn = replace(
        authorised,
        booked_at=authorised.made_at or authorised.booked_at,
        status=TransactionStatus.REVERSED,
        text=f"Authorisation Zur Alten Mole, Seebrueck DE, {stage.day:%d %b %Y}, replaced by the merchant",
    )
    return Act(entries=(withdrawn, booked))


def blocked_card(stage: Stage) -> Act:
    """Three wrong PINs at a cash machine."""
    moment = stage.after(-1, 18, 22)
    return Act(
        card_changes=(
            CardChange(
                stage.person.debit_ending, moment, CardStatus.BLOCKED,
                f"Blocked after three wrong PINs on {moment:%d %B %Y}, ATM Nordhafen Bank, Altmarkt branch",
                WRONG_PINS_TO_BLOCK, "ATM Nordhafen Bank, Altmarkt branch",
            ),
        ),
        silent_card=stage.person.debit_ending,
        silent_since=moment,
    )  # fmt: skip


def failed_transfer(stage: Stage) -> Act:
    """More is ordered than there is; tried again on the next working day, then given up."""
    moment = stage.after(0, 19, 5)
    execute_on, _ = transfer_dates(moment, "SEPA")
    given_up = working_days_after(execute_on, 1)
    order = stage.order(moment, 420_000, "Autohaus Seidler", "DE** **** **** 5520", "SEPA", "Used car, contract 7731")
    reason = f"Insufficient funds; tried again on {given_up:%d %B %Y}, then failed. No fee."
    return Act(orders=(replace(order, arrives_on=given_up, state=TransferState.FAILED, failure_reason=reason),))


def declined_abroad(stage: Stage) -> Act:
    """A payment abroad is accepted, the next one is not."""
    first = replace(
        stage.paid(1, stage.after(0, 10, 14), 3_850, "Café Azulejo", "Lisbon PT", "cafés"),
        text=f"Card payment Café Azulejo, Lisbon PT, {stage.day:%d %b %Y} 10:14, chip and PIN",
    )
    card = stage.person.debit_ending
    declined = Entry(
        stage.entry_id(2), stage.checking, stage.after(0, 15, 32), -31_400, TransactionKind.CARD_PAYMENT,
        "Miradouro Hotel",
        f"Declined: Miradouro Hotel, Lisbon PT, {stage.day:%d %b %Y} 15:32, unusual payment abroad, no money moved",
        "travel", stage.after(0, 15, 32), card, TransactionStatus.REVERSED,
    )  # fmt: skip
    alert = Alert(
        stage.case_number("FA"), card, stage.after(0, 15, 33), AlertState.DISMISSED,
        "Unusual payment abroad declined; the customer confirmed being in Lisbon", (declined.id,),
    )  # fmt: skip
    return Act(entries=(first, declined), alerts=(alert,))


def subscription_not_ended(stage: Stage) -> Act:
    """A studio confirms the end of a membership, and collects again."""
    gym = "Studio Vitalis"
    refunded, again = stage.after(0, 4, 15), stage.after(12, 4, 15)
    return Act(
        entries=(
            stage.moved(1, refunded, 2_990, TransactionKind.REFUND, gym,
                        f"Membership ended on {stage.day:%d %B %Y}, last fee refunded", "leisure"),
            stage.moved(2, again, -2_990, TransactionKind.DIRECT_DEBIT, gym, "Membership fee, next period", "leisure"),
        )
    )  # fmt: skip


def open_fraud_alert(stage: Stage) -> Act:
    """Three payments in half an hour, unlike anything the customer does."""
    shops = (("Volt Arcade", 24_900, 31), ("Giftkarten Express", 49_900, 38), ("Krypto Depot Aurora", 8_990, 52))
    entries = tuple(
        stage.paid(place, stage.after(0, 22, minute, 9), amount, shop, "online", "online shopping")
        for place, (shop, amount, minute) in enumerate(shops, start=1)
    )
    alert = Alert(
        stage.case_number("FA"), stage.person.debit_ending, stage.after(0, 22, 54), AlertState.OPEN,
        "Three online payments within half an hour, 837.90 EUR in all, merchants never used before",
        tuple(entry.id for entry in entries),
    )  # fmt: skip
    return Act(entries=entries, alerts=(alert,))


def deceased_customer(stage: Stage) -> Act:
    """Nothing moves any more, except a pension that comes once more and goes back."""
    fund = "Pension Fund Nordhafen"
    amount = stage.person.character.income
    came, returned = stage.after(22, 4, 1), stage.after(25, 4, 1)
    return Act(
        entries=(
            stage.moved(1, came, amount, TransactionKind.TRANSFER_IN, fund, f"Pension {came:%B %Y}", "pension"),
            stage.moved(2, returned, -amount, TransactionKind.TRANSFER_OUT, fund,
                        "Pension returned to payer: account holder deceased", "pension"),
        ),
        silent_since=stage.after(0, 4),
    )  # fmt: skip


def international_transfer(stage: Stage) -> Act:
    """A firm pays abroad; the money takes some working days."""
    moment = stage.after(0, 11, 20)
    execute_on = working_day_from(stage.day)
    amount = 96_000
    order = Order(
        stage.checking, "Canvas & Keel Ltd, Auckland", "NZ** **** **** 2207", amount, moment, execute_on,
        working_days_after(execute_on, 4), "international", "Sails, order 5518",
    )  # fmt: skip
    fee = min(cents(INTERNATIONAL_MOST), max(cents(INTERNATIONAL_LEAST), share(amount, INTERNATIONAL_PERCENT)))
    paid = _carried_out(stage, order, 1)
    charged = stage.moved(
        2, paid.booked_at + timedelta(seconds=1), -fee, TransactionKind.FEE, "Nordhafen Bank",
        f"Fee for international transfer to {order.to_name}", "bank fees",
    )  # fmt: skip
    return Act(entries=(paid, charged), orders=(order,))


def no_cash_dispensed(stage: Stage) -> Act:
    """A cash machine books and does not pay."""
    moment = stage.after(0, 12, 37)
    machine = "ATM Geldpunkt, Altmarkt station"
    booked = Entry(
        stage.entry_id(1), stage.checking, moment, -20_000, TransactionKind.CASH_WITHDRAWAL, machine,
        f"Cash withdrawal, {machine}, {moment:%d %b %Y %H:%M}", "cash", moment, stage.person.debit_ending,
    )  # fmt: skip
    opened = stage.day + timedelta(days=2)
    claim = Claim(
        stage.case_number("DP"), booked.id, 20_000, machine, "ATM cash not dispensed", DisputeState.EVIDENCE_NEEDED,
        opened, opened + timedelta(days=EVIDENCE_DUE_DAYS),
    )  # fmt: skip
    return Act(entries=(booked,), claims=(claim,))


def goods_not_received(stage: Stage) -> Act:
    """An online order that never came; the bank has credited the amount for the time being."""
    shop = "Kistenwelt Online"
    paid = card_payment(
        stage.entry_id(1), stage.credit, stage.person.credit_ending, stage.after(0, 20, 3), 34_900, shop, "online",
        "online shopping",
    )  # fmt: skip
    number = stage.case_number("DP")
    credited = replace(
        stage.moved(2, stage.after(24, 4, 25), 34_900, TransactionKind.REFUND, "Nordhafen Bank",
                    f"Provisional credit, dispute {number}, {shop}", "disputes"),
        account_id=stage.credit,
    )  # fmt: skip
    claim = Claim(
        number, paid.id, 34_900, shop, "goods not received", DisputeState.UNDER_REVIEW,
        stage.day + timedelta(days=16), stage.day + timedelta(days=16 + EVIDENCE_DUE_DAYS), 34_900,
        known_from=stage.day + timedelta(days=24),
    )  # fmt: skip
    return Act(entries=(paid, credited), claims=(claim,))


def dispute_won(stage: Stage) -> Act:
    """A cancelled trip, charged all the same, and paid back in the end."""
    agency = "Reisekontor Fernweh"
    paid = stage.paid(1, stage.after(0, 11, 48), 18_600, agency, "Altmarkt DE", "travel")
    number = stage.case_number("DP")
    back = stage.moved(
        2, stage.after(32, 4, 25), 18_600, TransactionKind.REFUND, agency,
        f"Refund, dispute {number} decided for the customer", "disputes",
    )  # fmt: skip
    opened = stage.day + timedelta(days=6)
    decided = back.booked_at.date()
    claim = Claim(
        number, paid.id, 18_600, agency, "cancelled but charged", DisputeState.WON, opened, known_from=decided
    )
    return Act(entries=(paid, back), claims=(claim,))


def scheduled_transfer(stage: Stage) -> Act:
    """An order for a day to come."""
    moment = stage.after(0, 9, 41)
    execute_on = working_days_after(stage.day + timedelta(days=8), 1)
    order = Order(
        stage.checking, "Fliesen Radtke", "DE** **** **** 8863", 24_000, moment, execute_on,
        working_days_after(execute_on, 1), "SEPA", "Bathroom tiles, deposit",
    )  # fmt: skip
    return Act(entries=(_carried_out(stage, order, 1),), orders=(order,))


def unknown_direct_debit(stage: Stage) -> Act:
    """Somebody collects without leave."""
    who = "Prisma Gewinnspiel Service"
    text = "Prisma prize club, mandate PR-88213, first collection"
    return Act(
        entries=(stage.moved(1, stage.after(0, 4, 16), -4_990, TransactionKind.DIRECT_DEBIT, who, text, "other"),)
    )


def wrong_recipient(stage: Stage) -> Act:
    """An instant transfer to a namesake."""
    order = stage.order(
        stage.after(0, 14, 26), 48_000, "L. Brenner", "DE** **** **** 7140", "instant", "Rent share, flat 3"
    )
    return Act(entries=(_carried_out(stage, order, 1),), orders=(order,))


def holiday_abroad(stage: Stage) -> Act:
    """A week in the mountains, paid in another currency."""
    card, account = stage.person.debit_ending, stage.checking
    visits = ((0, 16, 7_420, CHUR), (1, 19, 5_830, INN), (3, 12, 4_150, CHUR), (5, 20, 9_610, INN), (6, 9, 41_200, INN))
    entries: list[Entry] = []
    for place, (after, hour, amount, merchant) in enumerate(visits, start=1):
        moment = stage.after(after, hour, 11)
        entries += paid_abroad(stage.entry_id(place), account, card, moment, amount, merchant, "travel")
    return Act(entries=(*entries, *_cash_abroad(stage, len(visits) + 1)))


def _cash_abroad(stage: Stage, place: int) -> Iterable[Entry]:
    moment = stage.after(2, 11, 15)
    machine = "ATM Talstation, Chur CH"
    yield Entry(
        stage.entry_id(place), stage.checking, moment, -15_924, TransactionKind.CASH_WITHDRAWAL, machine,
        f"Cash withdrawal, {machine}, {moment:%d %b %Y %H:%M}, 150.00 CHF at 0.9420 CHF per EUR", "cash", moment,
        stage.person.debit_ending,
    )  # fmt: skip
    yield stage.moved(
        place + 1, moment + timedelta(seconds=1), -cents(FOREIGN_ATM_FEE), TransactionKind.FEE, "Nordhafen Bank",
        f"Fee for a foreign cash machine, {machine}", "bank fees",
    )  # fmt: skip
