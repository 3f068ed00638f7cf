"""What is remembered. Importing this package registers every table."""

from webapp.models.audit import AuditEntry
from webapp.models.chat import ChatSession, Draft, Reading
from webapp.models.feedback import Rating, RegressionCase, Reroute, Review, ReviewStep, TaughtSentence
from webapp.models.handbook import HandbookArticle, HandbookEdition, HandbookGap, HandbookPassage
from webapp.models.kept_form import KeptForm
from webapp.models.message import CitedPassage, Message, Question, Reply, ReplyAttempt, ToolCall
from webapp.models.model_use import ModelUse
from webapp.models.programs import AccessToken, Delivery, KeptAnswer, Webhook
from webapp.models.proposal import CallerCheck, Proposal
from webapp.models.staff import Role, SignIn, StaffUser

__all__ = [
    "AccessToken",
    "AuditEntry",
    "CallerCheck",
    "ChatSession",
    "CitedPassage",
    "Delivery",
    "Draft",
    "HandbookArticle",
    "HandbookEdition",
    "HandbookGap",
    "HandbookPassage",
    "KeptAnswer",
    "KeptForm",
    "Message",
    "ModelUse",
    "Proposal",
    "Question",
    "Rating",
    "Reading",
    "RegressionCase",
    "Reply",
    "ReplyAttempt",
    "Reroute",
    "Review",
    "ReviewStep",
    "Role",
    "SignIn",
    "StaffUser",
    "TaughtSentence",
    "ToolCall",
    "Webhook",
]
