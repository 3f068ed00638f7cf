"""The sandbox bank's own tables, in their own metadata: the application's models know nothing of them.

Amounts are exact on every database: Numeric(14, 2) where there is a decimal type, whole cents on SQLite.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Cents(TypeDecorator[Decimal]):
    """A Decimal with two places, exact. SQLite has no decimal type, so there it is kept as whole hundredths."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Hundredths on SQLite, a true decimal elsewhere."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(Numeric(14, 2))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | Decimal | None:
        """Refuse what would have to be rounded: money is never rounded on its way into a row."""
        if value is None:
            return None
        hundredths = int(value.scaleb(2))
        if Decimal(hundredths) != value.scaleb(2):
            raise ValueError(f"{value} has more than two decimal places")
        return hundredths if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Back to two places."""
        if value is None:
            return None
        return Decimal(value).scaleb(-2) if dialect.name == "sqlite" else Decimal(value)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC and read back aware; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time has no place in the bank's books")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite forgets the zone; it was UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


calendar = Table(
    "bank_calendar",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),  # there is one row, and it is number 1
    Column("seed", Integer, nullable=False),
    Column("generation", Integer, nullable=False),  # of the generator that wrote the rows
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),  # the books are complete up to the morning of this day
)

customers = Table(
    "bank_customers",
    METADATA,
    Column("number", String(7), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("folded_name", String(260), nullable=False),  # for searching: no case, no accents
    Column("birth_date", Date, nullable=False),
    Column("email", String(160), nullable=False),
    Column("phone", String(40), nullable=False),
    Column("street", String(120), nullable=False),
    Column("postcode", String(10), nullable=False),
    Column("town", String(80), nullable=False),
    Column("branch", String(40), nullable=False, index=True),
    Column("segment", String(20), nullable=False),
    Column("since", Date, nullable=False),
    Column("kyc_status", String(20), nullable=False),
    Column("kyc_review_due", Date, nullable=False),
    Column("verification_note", String(400), nullable=False),
    Column("language", String(40), nullable=False),
    Column("vulnerable", Boolean, nullable=False),
)

accounts = Table(
    "bank_accounts",
    METADATA,
    Column("id", String(20), primary_key=True),
    Column("customer_number", ForeignKey("bank_customers.number"), nullable=False, index=True),
    Column("kind", String(10), nullable=False),
    Column("name", String(60), nullable=False),
    Column("iban", String(34), nullable=False),
    Column("last_four", String(4), nullable=False, index=True),
    Column("currency", String(3), nullable=False),
    Column("opening_balance", Cents, nullable=False),  # before the first transaction kept here
    Column("balance", Cents, nullable=False),  # opening balance plus everything booked
    Column("interest_numbers", BigInteger, nullable=False),  # cents x basis points x days, not yet credited
    Column("overdraft_limit", Cents, nullable=False),
    Column("interest_rate", Cents, nullable=False),
    Column("status", String(10), nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("loan_principal", Cents),
    Column("loan_monthly_payment", Cents),
    Column("loan_next_payment_on", Date),
    Column("loan_ends_on", Date),
    UniqueConstraint("iban"),
)

cards = Table(
    "bank_cards",
    METADATA,
    Column("id", String(20), primary_key=True),
    Column("customer_number", ForeignKey("bank_customers.number"), nullable=False, index=True),
    Column("account_id", ForeignKey("bank_accounts.id"), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("name", String(60), nullable=False),
    Column("last_four", String(4), nullable=False, index=True),
    Column("status", String(20), nullable=False),
    Column("status_reason", String(200)),
    Column("expires_on", Date, nullable=False),
    Column("daily_limit", Cents, nullable=False),
    Column("wrong_pin_attempts", Integer, nullable=False),
    Column("last_used_at", UtcDateTime),
    Column("last_used_where", String(120)),
    Column("contactless", Boolean, nullable=False),
)

transactions = Table(
    "bank_transactions",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("account_id", ForeignKey("bank_accounts.id"), nullable=False),
    Column("booked_at", UtcDateTime, nullable=False),
    Column("amount", Cents, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("status", String(10), nullable=False),
    Column("counterparty", String(120), nullable=False),
    Column("text", String(240), nullable=False),
    Column("folded_text", String(500), nullable=False),  # counterparty and text, for searching
    Column("category", String(30), nullable=False),
    Column("balance_after", Cents),
    Column("card_last_four", String(4)),
    Index(None, "account_id", "booked_at", "id"),
    Index(None, "status", "account_id"),
)

transfers = Table(
    "bank_transfers",
    METADATA,
    Column("id", String(12), primary_key=True),
    Column("account_id", ForeignKey("bank_accounts.id"), nullable=False),
    Column("to_name", String(120), nullable=False),
    Column("to_iban_masked", String(40), nullable=False),
    Column("amount", Cents, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("ordered_at", UtcDateTime, nullable=False),
    Column("execute_on", Date, nullable=False),
    Column("arrives_on", Date, nullable=False),
    Column("state", String(20), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("reference", String(140), nullable=False),
    Column("failure_reason", String(200)),
    Index(None, "account_id", "ordered_at"),
)

standing_instructions = Table(
    "bank_standing_instructions",
    METADATA,
    Column("id", String(24), primary_key=True),
    Column("account_id", ForeignKey("bank_accounts.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("to_name", String(120), nullable=False),
    Column("amount", Cents, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("every", String(10), nullable=False),
    Column("next_on", Date, nullable=False),
)

fraud_alerts = Table(
    "bank_fraud_alerts",
    METADATA,
    Column("id", String(12), primary_key=True),
    Column("customer_number", ForeignKey("bank_customers.number"), nullable=False, index=True),
    Column("card_last_four", String(4)),
    Column("raised_at", UtcDateTime, nullable=False),
    Column("state", String(40), nullable=False),
    Column("headline", String(200), nullable=False),
)

fraud_alert_transactions = Table(
    "bank_fraud_alert_transactions",
    METADATA,
    Column("alert_id", ForeignKey("bank_fraud_alerts.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("transaction_id", ForeignKey("bank_transactions.id"), nullable=False, index=True),
)

disputes = Table(
    "bank_disputes",
    METADATA,
    Column("id", String(12), primary_key=True),
    Column("customer_number", ForeignKey("bank_customers.number"), nullable=False, index=True),
    Column("transaction_id", ForeignKey("bank_transactions.id"), nullable=False, index=True),
    Column("amount", Cents, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("merchant", String(120), nullable=False),
    Column("reason", String(60), nullable=False),
    Column("state", String(40), nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("evidence_due_on", Date),
    Column("provisional_credit", Cents),
)

stories = Table(
    "bank_stories",
    METADATA,
    Column("key", String(40), primary_key=True),
    Column("started_on", Date, nullable=False),
    Column("occurrence", Integer, nullable=False),  # 0 when first told
)

# What orders leave behind. The books' own rows (accounts, cards ...) change beside them, in the same transaction.

orders = Table(
    "bank_orders",
    METADATA,
    Column("key", String(64), primary_key=True),  # the sender's idempotency key
    Column("customer_number", ForeignKey("bank_customers.number"), nullable=False, index=True),
    Column("kind", String(24), nullable=False),
    Column("digest", String(64), nullable=False),  # of customer and arguments: one key, one order
    Column("state", String(10), nullable=False),  # "taken" while it is carried out, "done" or "refused"
    Column("receipt_number", String(24)),
    Column("text", String(400), nullable=False),  # of the receipt, or why it was refused
    Column("at", UtcDateTime, nullable=False),
)

postings = Table(
    "bank_postings",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("order_key", ForeignKey("bank_orders.key"), nullable=False, index=True),
    Column("ledger", String(20), nullable=False, index=True),  # an account, or one of the bank's own ledgers
    Column("amount", Cents, nullable=False),  # those of one order make nothing in sum
    Column("transaction_id", ForeignKey("bank_transactions.id")),
)

card_orders = Table(
    "bank_card_orders",
    METADATA,
    Column("card_id", ForeignKey("bank_cards.id"), primary_key=True),  # the new card
    Column("replaces", ForeignKey("bank_cards.id"), nullable=False, index=True),
    Column("arrives_on", Date, nullable=False),
)

card_limits = Table(
    "bank_card_limits",
    METADATA,
    Column("card_id", ForeignKey("bank_cards.id"), primary_key=True),
    Column("until", Date, nullable=False),  # after this day the limit falls back
    Column("falls_back_to", Cents, nullable=False),
)

transfer_orders = Table(
    "bank_transfer_orders",
    METADATA,
    Column("transfer_id", ForeignKey("bank_transfers.id"), primary_key=True),
    Column("to_iban", String(34), nullable=False),
    Column("order_key", ForeignKey("bank_orders.key"), nullable=False),
)

stops = Table(
    "bank_stops",
    METADATA,
    Column("instruction_id", ForeignKey("bank_standing_instructions.id"), primary_key=True),
    Column("only_on", Date),  # the one day that is stopped; none: all from now on
    Column("placed_on", Date, nullable=False),
)

standing_orders = Table(
    "bank_standing_orders",
    METADATA,
    Column("instruction_id", ForeignKey("bank_standing_instructions.id"), primary_key=True),
    Column("order_key", ForeignKey("bank_orders.key"), nullable=False),
    Column("to_iban", String(34)),  # none: a recipient the books know by name only
    Column("reference", String(140), nullable=False),
    Column("day", Integer, nullable=False),  # of the month, so that the 31st is the last day of short ones
    Column("last_on", Date),
    Column("taken_over_on", Date),  # from this day on the generator no longer pays it
    Column("missed_on", Date),  # there was not enough money; tried once more on the next working day
)

recalls = Table(
    "bank_recalls",
    METADATA,
    Column("id", String(12), primary_key=True),
    Column("transfer_id", ForeignKey("bank_transfers.id"), nullable=False, unique=True),
    Column("order_key", ForeignKey("bank_orders.key"), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("asked_on", Date, nullable=False),
    Column("answer_by", Date, nullable=False),
    Column("answered_on", Date),
    Column("agreed", Boolean),
)

debit_returns = Table(
    "bank_debit_returns",
    METADATA,
    Column("id", String(12), primary_key=True),
    Column("transaction_id", ForeignKey("bank_transactions.id"), nullable=False, unique=True),
    Column("order_key", ForeignKey("bank_orders.key"), nullable=False),
    Column("reason", String(20), nullable=False),
    Column("asked_on", Date, nullable=False),
    Column("answer_by", Date),  # none: it was returned at once
    Column("answered_on", Date),
    Column("agreed", Boolean),  # whether the money is back
)

pauses = Table(
    "bank_pauses",
    METADATA,
    Column("instruction_id", ForeignKey("bank_standing_instructions.id"), primary_key=True),
    Column("order_key", ForeignKey("bank_orders.key"), nullable=False),
    Column("paused_on", Date, nullable=False),
    Column("resume_on", Date, nullable=False),  # what is due on this day is paid again
    Column("was_next_on", Date, nullable=False),  # the day that would have been the next
)

pin_letters = Table(
    "bank_pin_letters",
    METADATA,
    Column("order_key", ForeignKey("bank_orders.key"), primary_key=True),
    Column("card_id", ForeignKey("bank_cards.id"), nullable=False, index=True),
    Column("reason", String(20), nullable=False),
    Column("sent_on", Date, nullable=False),
    Column("arrives_on", Date, nullable=False),
)
