"""The embedding model of this process: looked for, checked and opened in the background, never in anybody's way."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Literal, TypeAlias

from webapp.agents.meaning.files import FilesRefused, installed, verify
from webapp.agents.meaning.minilm import MiniLM
from webapp.agents.meaning.store import VectorStore

State: TypeAlias = Literal["off", "absent", "refused", "waiting", "opening", "ready"]
_SENTENCES: dict[State, str] = {
    "off": "switched off (MEANING=off): questions are read and the handbook is searched by words",
    "absent": "not installed (make meaning): questions are read and the handbook is searched by words",
    "waiting": "installed; opened when the server starts",
    "opening": "being opened; until then questions are read and the handbook is searched by words",
    "ready": "all-MiniLM-L6-v2 is used beside the words, for questions and for the handbook",
}


class Meaning:
    """Whether texts can be compared by what they mean, and with what."""

    is_measured = True  # how alike texts have to be was measured with this model

    def __init__(self, instance: Path, *, wanted: bool = True, folder: Path | None = None) -> None:
        """Take where vectors are kept; `folder` has the model's files, by default the installed package's."""
        self._folder = (folder or installed()) if wanted else None
        self.store = VectorStore(instance / "meaning.npz")
        self.examples = VectorStore(instance / "examples.npz", deep=True)
        self._model: MiniLM | None = None
        self._refused = ""
        self._opening = threading.Lock()
        self._wanted = wanted

    @property
    def model(self) -> MiniLM | None:
        """The model, once it is open."""
        return self._model

    @property
    def state(self) -> State:
        """How far it is."""
        if not self._wanted:
            return "off"
        if self._folder is None:
            return "absent"
        if self._refused:
            return "refused"
        if self._model is not None:
            return "ready"
        return "opening" if self._opening.locked() else "waiting"

    @property
    def sentence(self) -> str:
        """How far it is, for people."""
        if self.state == "refused":
            return f"not used: {self._refused}; questions are read and the handbook is searched by words"
        return _SENTENCES[self.state]

    def open(self) -> MiniLM | None:
        """Open the model now, if its files are there and the original's; takes half a second the first time."""
        with self._opening:
            if self._model is None and self._folder is not None and not self._refused:
                try:
                    verify(self._folder)
                    self._model = MiniLM(self._folder)
                except (FilesRefused, OSError, ValueError, KeyError) as error:
                    self._refused = str(error)
            return self._model
