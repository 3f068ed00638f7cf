"""What the intent model is trained from: the examples that come with the product, and what the bank has added."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from webapp.agents.learning import intent_model
from webapp.agents.learning.intent_model import Examples, IntentModel, ModelFileError
from webapp.agents.meaning.loading import Meaning
from webapp.agents.models.rules.examples import Intent, intents
from webapp.agents.models.rules.features import meant_by, seen_in
from webapp.agents.models.rules.lifelike import lifelike
from webapp.agents.words import clean, marked

LABEL_COLUMNS = ("label", "intent", "category")
_VERSION = "4"  # goes up when what is seen of a text changes: models trained before do not fit then


class TaughtError(ValueError):
    """A file of labelled sentences cannot be used; the message says which line and why."""


def examples_of(known: Mapping[str, Intent]) -> list[tuple[str, str]]:
    """Every example with its intent; what is offered to be clicked is one, too."""
    return [
        (text, key) for key, intent in known.items() for text in dict.fromkeys((*intent.examples, intent.ask)) if text
    ]


def read_labelled(path: Path) -> list[tuple[str, str]]:
    """(text, label) from a CSV with a column `text` and one of `LABEL_COLUMNS`; raises `TaughtError`."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            column = next((name for name in LABEL_COLUMNS if name in (rows.fieldnames or ())), None)
            if column is None or "text" not in (rows.fieldnames or ()):
                raise TaughtError(f"{path.name}: the first line must name the columns text and label")
            found = []
            for row in rows:
                text, label = (row["text"] or "").strip(), (row[column] or "").strip()
                if not text or not label:
                    raise TaughtError(f"{path.name}: line {rows.line_num}: text or label is empty")
                found.append((text, label))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TaughtError(f"{path.name}: cannot be read as UTF-8 CSV ({error})") from error
    if not found:
        raise TaughtError(f"{path.name}: has no sentences")
    return found


def checked(labelled: Sequence[tuple[str, str]], known: Mapping[str, Intent]) -> None:
    """Raise `TaughtError` unless every label is an intent."""
    unknown = sorted({label for _, label in labelled} - set(known))
    if unknown:
        raise TaughtError(f"no such intent: {', '.join(unknown[:5])}. There are: {', '.join(sorted(known))}")


def trained(labelled: Sequence[tuple[str, str]], meaning: Meaning | None = None) -> IntentModel:
    """A model of these sentences; with an open `meaning`, it compares by meaning, too."""
    texts = [lifelike(clean(text)) for text, _ in labelled]
    model = meaning.model if meaning else None
    return intent_model.train(
        Examples(
            texts=texts,
            seen=[seen_in(text) for text in texts],
            labels=[label for _, label in labelled],
            vectors=meaning.examples.vectors([meant_by(text) for text in texts], model) if meaning and model else None,
            views=2,
        )
    )


def digest_of(labelled: Sequence[tuple[str, str]]) -> str:
    """Changes with the sentences and with how they are seen: what a kept model was trained from."""
    written = "\n".join(f"{label}\t{text}" for text, label in labelled)
    return hashlib.sha256(f"{_VERSION}\n{written}".encode()).hexdigest()[:16]


def _said(text: str) -> str:
    """What two sentences have in common that the model cannot tell apart."""
    return " ".join(marked(clean(text)).lower().split()).strip(" .!")


def _kept_in(path: Path) -> list[tuple[str, str]]:
    return read_labelled(path) if path.exists() else []


def _keep_in(path: Path, labelled: Sequence[tuple[str, str]]) -> None:
    """Write sentences, all or none; none at all: no file."""
    if not labelled:
        path.unlink(missing_ok=True)
        return
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *labelled])
    partial.replace(path)


class Schoolroom:
    """Where an installation keeps what its bank has taught, and the models trained from it."""

    def __init__(self, instance: Path) -> None:
        self._folder = instance / "assistant"
        self._taught = self._folder / "taught.csv"
        self._clicks = self._folder / "clicks.csv"
        self._reviewed = self._folder / "reviewed.csv"

    def taught(self) -> list[tuple[str, str]]:
        """What the bank has added, oldest first."""
        return _kept_in(self._taught)

    def from_staff(self) -> list[tuple[str, str]]:
        """What staff had taught at the last training: by asking somebody else instead, and by reviewing answers."""
        return [*_kept_in(self._clicks), *_kept_in(self._reviewed)]

    def take_from_staff(self, clicks: Sequence[tuple[str, str]], reviewed: Sequence[tuple[str, str]]) -> None:
        """Keep what staff have taught so far in place of what was kept before: servers train and load from files."""
        self._folder.mkdir(parents=True, exist_ok=True)
        _keep_in(self._clicks, clicks)
        _keep_in(self._reviewed, reviewed)

    def add(self, labelled: Sequence[tuple[str, str]]) -> int:
        """Keep sentences for every training from now on; a sentence said again replaces its earlier label."""
        kept = dict(self.taught())
        before = dict(kept)
        kept.update(labelled)
        self._folder.mkdir(parents=True, exist_ok=True)
        _keep_in(self._taught, list(kept.items()))
        return sum(before.get(text) != label for text, label in kept.items())

    def all_of(self, known: Mapping[str, Intent]) -> list[tuple[str, str]]:
        """The product's examples, what staff have taught, and the bank's files; the files have the last word.

        A reviewer's word outweighs an example that says the same; a click teaches only what nothing else says.
        """
        product, clicks = examples_of(known), _kept_in(self._clicks)
        reviewed = [one for one in _kept_in(self._reviewed) if one[1] in known]
        if clicks or reviewed:
            decided = {_said(text) for text, _ in reviewed}
            product = [(text, label) for text, label in product if _said(text) not in decided]
            settled = decided | {_said(text) for text, _ in [*product, *self.taught()]}
            clicks = [(text, label) for text, label in clicks if label in known and _said(text) not in settled]
        return list({**dict(product), **dict(clicks), **dict(reviewed), **dict(self.taught())}.items())

    def kept(self, labelled: Sequence[tuple[str, str]], *, by_meaning: bool) -> IntentModel | None:
        """The model trained earlier from exactly these sentences, if there is one."""
        try:
            return intent_model.load(self._path(labelled, by_meaning))
        except (OSError, ModelFileError):
            return None

    @property
    def has_words_of_today(self) -> bool:
        """Whether the model by words of all present sentences is there, so that a start has nothing to train."""
        return self._path(self.all_of(intents()), by_meaning=False).exists()

    def keep(self, labelled: Sequence[tuple[str, str]], model: IntentModel) -> Path:
        """Keep a model for the next start; those of other sentences go."""
        path = self._path(labelled, model.landmarks is not None)
        model.save(path)
        for other in self._folder.glob(path.name.split("-")[0] + "-*.npz"):
            if other != path:
                other.unlink(missing_ok=True)
        return path

    def _path(self, labelled: Sequence[tuple[str, str]], by_meaning: bool) -> Path:
        return self._folder / f"{'joint' if by_meaning else 'words'}-{digest_of(labelled)}.npz"


def learnt(instance: Path, meaning: Meaning | None = None, *, anew: bool = False) -> IntentModel:
    """The model of the product's and the bank's sentences: the kept one unless `anew`, or one trained and kept now."""
    room = Schoolroom(instance)
    sentences = room.all_of(intents())
    by_meaning = meaning is not None and meaning.model is not None
    model = None if anew else room.kept(sentences, by_meaning=by_meaning)
    if model is None:
        model = trained(sentences, meaning)
        try:
            room.keep(sentences, model)
        except OSError:  # a full or read-only disk: trained again at the next start
            return model
    return model
