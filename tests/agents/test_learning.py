"""The intent model: trained the same every time, kept as arrays only, honest about how sure it is."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from webapp.agents.learning import landmarks
from webapp.agents.learning.families import families_of, folds_of
from webapp.agents.learning.intent_model import Examples, IntentModel, ModelFileError, load, train
from webapp.agents.learning.measures import Guess, report
from webapp.agents.learning.recall import Asked, recall
from webapp.agents.learning.solving import BLOCK, solved_in_place
from webapp.agents.models.rules.examples import intents
from webapp.agents.models.rules.features import seen_in
from webapp.agents.models.rules.teaching import Schoolroom, TaughtError, checked, read_labelled

SOME = [
    (text, key) for key in ("balance", "block_card", "greeting", "spending") for text in intents()[key].examples[:30]
]


def taught(vectors: bool = False) -> IntentModel:
    texts = [text for text, _ in SOME]
    directions = np.random.default_rng(1).normal(size=(len(SOME), 8)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return train(
        Examples(texts, [seen_in(text) for text in texts], [key for _, key in SOME], directions if vectors else None)
    )


def test_the_same_sentences_always_give_the_same_model() -> None:
    first, second = taught(), taught()
    assert np.array_equal(first.weights, second.weights)
    assert (first.by_words, first.threshold) == (second.by_words, second.threshold)


def test_a_new_sentence_is_understood_and_probabilities_add_up() -> None:
    model = taught()
    logs = model.logs(seen_in("please freeze the card at once"))
    assert model.labels[int(logs.argmax())] == "block_card"
    assert float(np.exp(logs).sum()) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("vectors", [False, True])
def test_a_kept_model_says_what_it_said_before(tmp_path: Path, vectors: bool) -> None:
    model = taught(vectors)
    model.save(tmp_path / "model.npz")
    again = load(tmp_path / "model.npz")
    vector = np.eye(8, dtype=np.float32)[0] if vectors else None
    seen = seen_in("how much did she spend on food")
    assert np.allclose(np.exp(model.logs(seen, vector)), np.exp(again.logs(seen, vector)), atol=0.01)
    assert again.threshold == model.threshold


def test_a_pickle_is_not_run_but_refused(tmp_path: Path) -> None:
    touched = tmp_path / "touched"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return Path.touch, (touched,)

    (tmp_path / "plain.npz").write_bytes(pickle.dumps(Evil()))
    with open(tmp_path / "within.npz", "wb") as file:
        np.savez(file, told=np.array([Evil()], dtype=object))
    for name in ("plain.npz", "within.npz"):
        with pytest.raises(ModelFileError):
            load(tmp_path / name)
    assert not touched.exists()


def test_sentences_that_say_nearly_the_same_are_of_one_family_and_one_fold() -> None:
    texts = ["show the last payments please", "show the last payments", "is the card blocked", "who won the race"]
    families = families_of(texts)
    assert families[0] == families[1]
    assert len(set(families)) == 3
    folds = folds_of(families, 2)
    assert folds[0] == folds[1]


@pytest.mark.parametrize("size", [3, BLOCK + 5])
def test_a_large_system_is_solved_like_a_small_one(size: int) -> None:
    made = np.random.default_rng(3)
    half = made.normal(size=(size, 20)).astype(np.float32)
    matrix, right = half @ half.T + np.eye(size, dtype=np.float32), made.normal(size=(size, 2)).astype(np.float32)
    assert np.allclose(matrix @ solved_in_place(matrix.copy(), right), right, atol=1e-3)


def test_where_few_examples_are_landmarks_all_are_learnt_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landmarks, "MOST", 100)
    monkeypatch.setattr(landmarks, "SPARSE", 60)
    monkeypatch.setattr(landmarks, "MANY", 40)
    made = np.random.default_rng(5)
    labels = np.arange(200) % 4
    vectors = made.normal(size=(4, 8))[labels] + 0.3 * made.normal(size=(200, 8))
    near = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    found, left_out = landmarks.train(near, labels, 4, np.arange(200) // 4 % 3)
    assert len(found.vectors) == 50
    assert (found.scores(near).argmax(axis=1) == labels).mean() > 0.95
    assert (left_out.argmax(axis=1) == labels).mean() > 0.95


@pytest.mark.parametrize("telling", [0, 1])
def test_each_of_two_vectors_beside_each_other_is_learnt_from_by_itself(telling: int) -> None:
    made = np.random.default_rng(6)
    labels = np.arange(200) % 4
    views = [made.normal(size=(200, 8)), made.normal(size=(200, 8))]
    views[telling] = made.normal(size=(4, 8))[labels] + 0.3 * views[telling]  # the other one says nothing
    near = np.hstack([view / np.linalg.norm(view, axis=1, keepdims=True) for view in views]).astype(np.float32)
    found, left_out = landmarks.train(near, labels, 4, np.arange(200) // 4 % 3, 2)
    assert (found.scores(near).argmax(axis=1) == labels).mean() > 0.95
    assert (left_out.argmax(axis=1) == labels).mean() > 0.9


def test_the_figures_of_an_evaluation_are_those_one_counts_by_hand() -> None:
    guesses = [Guess("a", 0.9, "a"), Guess("a", 0.8, "a"), Guess("b", 0.7, "a"), Guess("b", 0.6, "b")]
    found = report(guesses, 1.0)
    assert found.accuracy == 0.75
    assert found.macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)
    assert found.coverage_at_98 == 0.5
    assert found.calibration_error == pytest.approx((0.1 + 0.2 + 0.7 + 0.4) / 4)
    assert found.confusions == (("a", "b", 1),)


def test_recall_counts_the_place_of_the_right_article() -> None:
    asked = [Asked("x", ("x", "y")), Asked("x", ("y", "z", "x")), Asked("x", ("y",))]
    assert recall(asked) == {
        "questions": 3, "recall_at_1": 0.3333, "recall_at_3": 0.6667, "recall_at_5": 0.6667, "mrr": 0.4444,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("a,b\nx,y\n", "must name the columns"),
        ("text,label\nx,\n", "line 2"),
        ("text,label\n", "no sentences"),
    ],
)
def test_a_file_that_teaches_nothing_is_refused_with_the_reason(tmp_path: Path, written: str, reason: str) -> None:
    (tmp_path / "more.csv").write_text(written)
    with pytest.raises(TaughtError, match=reason):
        read_labelled(tmp_path / "more.csv")


def test_a_label_that_is_no_intent_is_refused() -> None:
    with pytest.raises(TaughtError, match="no such intent: blocks_card"):
        checked([("x", "blocks_card")], intents())


def test_the_banks_own_sentences_are_kept_and_have_the_last_word(tmp_path: Path) -> None:
    room = Schoolroom(tmp_path)
    assert room.add([("moin moin", "greeting"), ("zeig den Saldo", "greeting")]) == 2
    assert room.add([("zeig den Saldo", "balance")]) == 1
    assert dict(room.all_of(intents()))["zeig den Saldo"] == "balance"
