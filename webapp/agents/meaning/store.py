"""Vectors that were computed once are kept: in one file of arrays, by the hash of the text and of the model."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from webapp.agents.meaning.files import SHA256
from webapp.agents.meaning.minilm import EARLY, WIDTH, Floats, MiniLM

MOST_KEPT = 200_000  # vectors; older ones go first
_SAVED_EVERY = 256  # vectors: what was computed survives a stop


class VectorsOf(Protocol):
    """Something that computes vectors."""

    def vectors(self, texts: Sequence[str]) -> Floats:
        """One row for each text."""
        ...


class VectorStore:
    """Vectors of texts, computed when they are missing. One process at a time computes; the others find it done."""

    def __init__(self, path: Path, model: str = SHA256, width: int | None = WIDTH, *, deep: bool = False) -> None:
        """Keep them in this file (`.npz`), or with `deep` the longer ones; one that cannot be read is written anew.

        `model` names what computes them: vectors of another one are not used. `width` None: as wide as they come.
        """
        self._path = path
        self._model = f"{model} and layer {EARLY}" if deep else model
        self._deep = deep
        self._width = 2 * WIDTH if deep else width
        self._known: dict[bytes, Floats] = {}

    def key(self, text: str) -> bytes:
        """What a text's vector is kept under."""
        return hashlib.sha256(f"{self._model}\n{text}".encode()).digest()[:20]

    def stored(self, texts: Sequence[str]) -> Floats | None:
        """The texts' vectors as rows, if all are there without computing anything."""
        keys = [self.key(text) for text in texts]
        if any(key not in self._known for key in keys):
            self._known.update(self._read())
        if not keys or any(key not in self._known for key in keys):
            return None if keys else np.zeros((0, self._width or 0), dtype=np.float32)
        return np.stack([self._known[key] for key in keys]).astype(np.float32)

    def vectors(self, texts: Sequence[str], model: VectorsOf) -> Floats:
        """The texts' vectors as rows; computes and keeps what is missing."""
        there = self.stored(texts)
        if there is not None:
            return there
        with self._alone():
            self._known.update(self._read())  # somebody else may have computed them while we waited
            missing = {self.key(text): text for text in texts if self.key(text) not in self._known}
            keys = list(missing)
            for begin in range(0, len(keys), _SAVED_EVERY):
                part = keys[begin : begin + _SAVED_EVERY]
                asked = [missing[key] for key in part]
                made = model.deep_vectors(asked) if self._deep and isinstance(model, MiniLM) else model.vectors(asked)
                for key, vector in zip(part, made, strict=True):
                    self._known[key] = vector.astype(np.float16)
                self._write()
        return np.stack([self._known[self.key(text)] for text in texts]).astype(np.float32)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with open(self._path.with_suffix(".lock"), "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _read(self) -> dict[bytes, Floats]:
        try:
            with open(self._path, "rb") as file, np.load(file, allow_pickle=False) as kept:
                keys: NDArray[np.uint8] = kept["keys"]
                vectors: Floats = kept["vectors"]
        except (OSError, ValueError, KeyError, BadZipFile, EOFError):
            return {}
        if keys.ndim != 2 or vectors.ndim != 2 or vectors.shape != (len(keys), self._width or vectors.shape[1]):
            return {}
        return {key.tobytes(): vector for key, vector in zip(keys, vectors, strict=True)}

    def _write(self) -> None:
        newest = list(self._known.items())[-MOST_KEPT:]
        keys = np.frombuffer(b"".join(key for key, _ in newest), dtype=np.uint8).reshape(len(newest), -1)
        partial = self._path.with_suffix(f".{os.getpid()}.partial")
        with open(partial, "wb") as file:
            np.savez(file, keys=keys, vectors=np.stack([vector for _, vector in newest]).astype(np.float16))
        partial.replace(self._path)
