"""Vectors from an OpenAI-compatible `/embeddings`, in the place of the local model, for the handbook's search alone.

How alike two texts are is another number with every model, and the limits of `tools/passages.py` were measured for the
local one. So these vectors order what is found; whether it answers the question, its words decide.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from webapp.agents.meaning.minilm import Floats
from webapp.agents.meaning.store import VectorStore
from webapp.agents.models.chat_completions.breaker import Breaker
from webapp.agents.models.chat_completions.endpoint import Settings, connect
from webapp.agents.models.chat_completions.veil import Veil

AT_ONCE = 32  # texts of one request
SECONDS = 4.0  # for one request: somebody waits for the answer
IN_A_ROW = 3  # failures, after which it is left alone for a while
LONGEST = 6_000  # characters of one text

State: TypeAlias = Literal["waiting", "ready", "failing"]


class EmbeddingsFailed(OSError):
    """No vectors: the endpoint is gone, refuses, or sends something else. The search by words goes on."""


@dataclass
class EndpointEmbeddings:
    """Texts to vectors of length one, by asking. Safe to use from many threads."""

    settings: Settings
    veil: Veil
    breaker: Breaker

    def __post_init__(self) -> None:
        self._making = threading.Lock()
        self._client: Any = None
        self.width = 0

    def vector(self, text: str) -> Floats:
        """The vector of a question; what looks like an account, an address or a number of somebody's is left out."""
        with self._making:
            hidden = self.veil.hide(text)
        row: Floats = self._asked([hidden])[0]
        return row

    def vectors(self, texts: Sequence[str]) -> Floats:
        """One row for each text of the handbook."""
        parts = [self._asked(texts[begin : begin + AT_ONCE]) for begin in range(0, len(texts), AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros((0, self.width), dtype=np.float32)

    def _asked(self, texts: Sequence[str]) -> Floats:
        if not self.breaker.admit():
            raise EmbeddingsFailed("left alone for a moment")
        try:
            with self._making:
                self._client = self._client or connect(self.settings)
            told = [text[:LONGEST] or " " for text in texts]
            answer = self._client.embeddings.create(
                model=self.settings.model, input=told, encoding_format="float", timeout=SECONDS
            )
            found = self._read(answer, len(texts))
        except Exception as error:  # the client's, the network's, or what numpy says of something that is no vector
            self.breaker.failed()
            raise EmbeddingsFailed(type(error).__name__) from None
        self.breaker.succeeded()
        return found

    def _read(self, answer: Any, count: int) -> Floats:
        rows = sorted(answer.data, key=lambda one: one.index)
        found: Floats = np.array([row.embedding for row in rows], dtype=np.float32)
        if found.ndim != 2 or found.shape[0] != count or not np.isfinite(found).all():
            raise ValueError("vectors")
        if self.width not in (0, found.shape[1]):
            raise ValueError("width")
        self.width = found.shape[1]
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        if not lengths.all():
            raise ValueError("length")
        return np.asarray(found / lengths, dtype=np.float32)


class EndpointMeaning:
    """Stands where `Meaning` stands for the local model."""

    is_measured = False

    def __init__(self, instance: Path, settings: Settings, veil: Veil) -> None:
        """Keep vectors in the instance folder, apart from those of any other model."""
        self._breaker = Breaker(failures=IN_A_ROW)
        self._name = settings.model
        self.store = VectorStore(instance / "embeddings.npz", f"{settings.base_url} {settings.model}", None)
        self.model = EndpointEmbeddings(settings, veil, self._breaker)

    def open(self) -> EndpointEmbeddings:
        """There is nothing to open."""
        return self.model

    @property
    def state(self) -> State:
        """Whether it answers, as far as this process knows."""
        if self._breaker.state != "closed" or self._breaker.has_failed:
            return "failing"
        return "ready" if self.model.width else "waiting"

    @property
    def sentence(self) -> str:
        """The same for people."""
        return {
            "waiting": f"{self._name} is asked when something is looked up",
            "ready": f"the handbook is searched by words and by {self._name}",
            "failing": f"{self._name} does not answer: the handbook is searched by words",
        }[self.state]
