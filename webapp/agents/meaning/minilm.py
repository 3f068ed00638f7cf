"""all-MiniLM-L6-v2 in plain numpy: six layers of BERT over the pieces of a text, averaged to a vector.

The weights stay in the file and are read through the page cache, so that several processes share them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from webapp.agents.meaning.wordpiece import WordPiece

Floats: TypeAlias = NDArray[np.float32]

WIDTH = 384
LAYERS = 6
HEADS = 12
EARLY = 3  # the layer whose vectors stand beside the last one's
_KEPT = (LAYERS, EARLY)  # layers whose state is averaged to a vector
_AT_ONCE = 2_048  # pieces computed together: enough to keep the processor busy, few enough to stay in its cache
_EPSILON = np.float32(1e-12)


class MiniLM:
    """Texts to vectors whose scalar product says how alike they mean."""

    def __init__(self, folder: Path) -> None:
        """Open `model.safetensors` and `vocab.txt`; raises OSError, ValueError or KeyError for other files."""
        self._weights = _tensors(folder / "model.safetensors")
        self._cutter = WordPiece((folder / "vocab.txt").read_text("utf-8").splitlines())
        self._words = self._weights["embeddings.word_embeddings.weight"]
        self._places = np.array(
            self._weights["embeddings.position_embeddings.weight"]
            + self._weights["embeddings.token_type_embeddings.weight"][0]
        )
        self._layers = [_Layer(self._weights, number) for number in range(LAYERS)]
        if self._words.shape[1] != WIDTH:
            raise ValueError(f"the model has {self._words.shape[1]} numbers a piece, {WIDTH} are expected")

    def vectors(self, texts: Sequence[str]) -> Floats:
        """One row of 384 numbers for each text."""
        return np.ascontiguousarray(self.deep_vectors(texts)[:, :WIDTH])

    def deep_vectors(self, texts: Sequence[str]) -> Floats:
        """One row for each text: its 384 numbers, and beside them as many of the third layer.

        What is between word and meaning there helps to tell near intents apart; for searching it is not used.
        """
        cut = [self._cutter.numbers(text) for text in texts]
        found = np.zeros((len(cut), 2 * WIDTH), dtype=np.float32)
        # Texts of one length are computed together: nothing is padded, and nothing is masked.
        by_length: dict[int, list[int]] = {}
        for place, numbers in enumerate(cut):
            by_length.setdefault(len(numbers), []).append(place)
        for length, places in by_length.items():
            step = max(1, _AT_ONCE // length)
            for begin in range(0, len(places), step):
                batch = places[begin : begin + step]
                found[batch] = self._pooled(np.array([cut[place] for place in batch]))
        return found

    def vector(self, text: str) -> Floats:
        """The 384 numbers of one text."""
        return self.deep_vector(text)[:WIDTH]

    def deep_vector(self, text: str) -> Floats:
        """The row of `deep_vectors` for one text."""
        row: Floats = self._pooled(np.array([self._cutter.numbers(text)]))[0]
        return row

    def _pooled(self, numbers: NDArray[np.int64]) -> Floats:
        """The average over the pieces of each text after the last layer and after the third, each of length one."""
        count, length = numbers.shape
        state = (self._words[numbers] + self._places[:length]).reshape(count * length, WIDTH)
        state = _normalised(
            state, self._weights["embeddings.LayerNorm.weight"], self._weights["embeddings.LayerNorm.bias"]
        )
        means = np.zeros((2, count, WIDTH), dtype=np.float32)
        for number, layer in enumerate(self._layers, start=1):
            state = layer.after(state, count, length)
            if number in _KEPT:
                means[_KEPT.index(number)] = state.reshape(count, length, WIDTH).mean(axis=1)
        means /= np.maximum(np.linalg.norm(means, axis=2, keepdims=True), 1e-9)
        return np.concatenate(tuple(means), axis=1)


class _Layer:
    """One layer: each piece looks at the others, then is thought over by itself."""

    def __init__(self, weights: dict[str, Floats], number: int) -> None:
        def named(name: str) -> tuple[Floats, Floats]:
            key = f"encoder.layer.{number}.{name}"
            return weights[f"{key}.weight"], weights[f"{key}.bias"]

        self._query, self._key = named("attention.self.query"), named("attention.self.key")
        self._value, self._joined = named("attention.self.value"), named("attention.output.dense")
        self._seen = named("attention.output.LayerNorm")
        self._wide, self._narrow = named("intermediate.dense"), named("output.dense")
        self._thought = named("output.LayerNorm")

    def after(self, state: Floats, count: int, length: int) -> Floats:
        """The state of all pieces after this layer."""

        def by_head(which: tuple[Floats, Floats]) -> Floats:
            return _linear(state, which).reshape(count, length, HEADS, -1).transpose(0, 2, 1, 3)

        query, key, value = by_head(self._query), by_head(self._key), by_head(self._value)
        scores = query @ key.transpose(0, 1, 3, 2) * np.float32((WIDTH // HEADS) ** -0.5)
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        context = (scores @ value).transpose(0, 2, 1, 3).reshape(count * length, WIDTH).astype(np.float32, copy=False)
        seen = _normalised(_linear(context, self._joined) + state, *self._seen)
        return _normalised(_linear(_gelu(_linear(seen, self._wide)), self._narrow) + seen, *self._thought)


def _linear(state: Floats, weights: tuple[Floats, Floats]) -> Floats:
    turned: Floats = state @ weights[0].T
    turned += weights[1]
    return turned


def _normalised(state: Floats, scale: Floats, shift: Floats) -> Floats:
    state = state - state.mean(axis=-1, keepdims=True)
    spread = np.einsum("ij,ij->i", state, state)[:, None] / np.float32(state.shape[-1])
    state *= scale / np.sqrt(spread + _EPSILON)
    state += shift
    return state


def _gelu(state: Floats) -> Floats:
    """x * Phi(x), with the error function to seven places (Abramowitz and Stegun 7.1.26)."""
    size = np.abs(state)
    size *= np.float32(0.5**0.5)
    t = np.reciprocal(np.float32(1) + np.float32(0.3275911) * size)
    tail = t * np.float32(1.061405429)
    for term in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        tail += np.float32(term)
        tail *= t
    tail *= np.exp(-size * size)  # 1 - erf(|x| / sqrt 2)
    half = np.float32(0.5) * state
    half += np.abs(half) * (np.float32(1) - tail)
    return half


def _tensors(path: Path) -> dict[str, Floats]:
    """The float tensors of a safetensors file, left in the file: a length, a JSON header, then the numbers."""
    whole = np.memmap(path, dtype=np.uint8, mode="r")
    begin = 8 + int.from_bytes(whole[:8].tobytes(), "little")
    if begin > min(len(whole), 10_000_000):
        raise ValueError(f"{path.name} is no safetensors file")
    header = json.loads(whole[8:begin].tobytes())
    found: dict[str, Floats] = {}
    for name, told in header.items():
        if name == "__metadata__" or told["dtype"] != "F32":
            continue
        first, last = told["data_offsets"]
        found[name] = np.asarray(whole[begin + first : begin + last].view(np.float32)).reshape(told["shape"])
    return found
