"""Words and stems are the same whoever else is reading at the moment."""

from __future__ import annotations

import random
import re
import sys
import threading
from collections.abc import Iterator

import pytest

from webapp.agents.words import stem
from webapp.bank.articles import SANDBOX_HANDBOOK

THREADS = 4


@pytest.fixture
def impatient() -> Iterator[None]:
    """Threads take turns a thousand times as often as usual."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 1000)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("impatient")
def test_stems_are_the_same_when_several_threads_ask_for_them_at_once() -> None:
    said = " ".join(article.read_text() for article in sorted(SANDBOX_HANDBOOK.glob("*.md"))[:20])
    vocabulary = sorted(set(re.findall(r"[a-z]{5,}", said.lower())))
    assert len(vocabulary) > 300
    stem_anew = stem.__wrapped__  # past the memory for stems found before
    alone = {word: stem_anew(word) for word in vocabulary}
    wrong: list[object] = []

    def ask(number: int) -> None:
        for word in random.Random(number).sample(vocabulary, len(vocabulary)):
            try:
                if stem_anew(word) != alone[word]:
                    wrong.append(word)
            except IndexError as error:
                wrong.append(error)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, f"{len(wrong)} of {THREADS * len(vocabulary)} wrong, such as {wrong[:5]}"
