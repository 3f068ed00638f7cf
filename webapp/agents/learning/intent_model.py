"""The trained intent model: what a text wants, how sure that is, and from where on it may be believed.

A linear model over hashed words and letters, joined, when texts come with vectors, with one over nearness of meaning.
How much each counts, how far probabilities are stretched and below which one the answer is held back are chosen on
predictions for examples left out of training. Stored as arrays only: reading a model file runs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from webapp.agents.learning import landmarks, softmax
from webapp.agents.learning.calibration import Joint, joined, threshold_for
from webapp.agents.learning.families import families_of, folds_of
from webapp.agents.learning.hashing import Counted, Floats, Numbers, Vocabulary
from webapp.agents.learning.landmarks import Landmarks

FOLDS = 3
_ROUNDS_LEFT_OUT = 4  # fewer than the final training has: they only calibrate
FORMAT = 3
_MEANING = 15.0  # scores of the landmarks are between zero and one: this makes them as spread as logarithms


class ModelFileError(ValueError):
    """A model file is not one of this version's."""


@dataclass(frozen=True, slots=True)
class Examples:
    """What a model is trained from, each list as long as the others."""

    texts: Sequence[str]
    seen: Sequence[Counted]
    labels: Sequence[str]
    vectors: Floats | None = None
    views: int = 1  # how many vectors of a text stand beside each other in a row


@dataclass(frozen=True, slots=True)
class IntentModel:
    """Labels and how likely each is for a text."""

    labels: tuple[str, ...]
    vocabulary: Vocabulary
    weights: Floats
    landmarks: Landmarks | None
    by_words: Joint  # how scores become probabilities without a vector
    by_both: Joint  # ... and with one
    threshold: float  # below this probability the likeliest label is not to be relied on

    def logs(self, seen: Counted, vector: Floats | None = None) -> Floats:
        """The logarithm of each label's probability; with the vector of the text, its meaning counts too."""
        places, values = self.vocabulary.row(seen)
        spoken = (values @ self.weights[places])[None]
        if vector is None or self.landmarks is None:
            meant, joint = None, self.by_words
        else:
            meant, joint = _MEANING * self.landmarks.scores(vector[None]), self.by_both
        logs: Floats = joint.logs(spoken, meant)[0]
        return logs

    def save(self, path: Path) -> None:
        """Write the model as arrays; a reader finds the old file or the whole new one."""
        told = {
            "format": FORMAT,
            "labels": self.labels,
            "joints": [self.by_words.words, self.by_both.words, self.by_both.meaning],
            "threshold": self.threshold,
        }
        kept = self.landmarks or Landmarks(np.zeros((0, 1), np.float32), np.zeros((1, 0, len(self.labels)), np.float32))
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        with open(partial, "wb") as file:
            np.savez_compressed(
                file,
                told=np.frombuffer(json.dumps(told).encode(), dtype=np.uint8),
                hashes=self.vocabulary.hashes.astype(np.uint32),
                rarity=self.vocabulary.rarity,
                weights=self.weights.astype(np.float16),
                landmarks=kept.vectors.astype(np.float16),
                landmark_weights=kept.weights,
            )
        partial.replace(path)


def load(path: Path) -> IntentModel:
    """A model from its file; raises `ModelFileError` for any other file, OSError when there is none."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as kept:
            told = json.loads(kept["told"].tobytes())
            if told["format"] != FORMAT:
                raise ModelFileError(f"{path.name} has format {told['format']}, this version reads {FORMAT}")
            vectors = kept["landmarks"].astype(np.float32)
            words, both_words, both_meaning = (float(one) for one in told["joints"])
            return IntentModel(
                labels=tuple(str(one) for one in told["labels"]),
                vocabulary=Vocabulary(kept["hashes"].astype(np.int64), kept["rarity"]),
                weights=kept["weights"].astype(np.float32),
                landmarks=Landmarks(vectors, kept["landmark_weights"]) if len(vectors) else None,
                by_words=Joint(words, 0.0),
                by_both=Joint(both_words, both_meaning),
                threshold=float(told["threshold"]),
            )
    except (ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        raise ModelFileError(f"{path.name} is no model of this version ({error})") from error


def train(examples: Examples) -> IntentModel:
    """Train on labelled examples; the same examples always give the same model.

    Examples that say nearly the same are left out together when probabilities are calibrated.
    """
    labels = tuple(sorted(set(examples.labels)))
    place = {label: number for number, label in enumerate(labels)}
    wanted: Numbers = np.array([place[label] for label in examples.labels])
    folds = folds_of(families_of(examples.texts), FOLDS)
    vocabulary = Vocabulary.of(examples.seen)
    rows = [vocabulary.row(seen) for seen in examples.seen]
    spoken = np.zeros((len(rows), len(labels)), dtype=np.float32)
    for fold in range(FOLDS):
        kept, out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        weights = softmax.train(
            [rows[number] for number in kept], wanted[kept], len(vocabulary.hashes), len(labels), _ROUNDS_LEFT_OUT
        )
        for number in out:
            spoken[number] = rows[number][1] @ weights[rows[number][0]]
    weights = softmax.train(rows, wanted, len(vocabulary.hashes), len(labels))
    near, meant = None, None
    if examples.vectors is not None:
        near, meant = landmarks.train(examples.vectors, wanted, len(labels), folds, examples.views)
        meant = _MEANING * meant
    by_words = joined(spoken, None, wanted)
    by_both = joined(spoken, meant, wanted)
    threshold = threshold_for(by_both.logs(spoken, meant), wanted)
    return IntentModel(labels, vocabulary, weights, near, by_words, by_both, threshold)
