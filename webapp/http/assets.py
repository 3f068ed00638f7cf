"""Static files from our own origin, named by their content so that browsers may keep them for a year."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, current_app, request, url_for

from webapp.http.access import public

bp = Blueprint("static", __name__)
COMPRESSIBLE = {".css", ".js", ".svg", ".txt"}
FOREVER = "public, max-age=31536000, immutable"
_named: dict[str, str] = {}  # fingerprints by name: a page names twenty files
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("font/woff2", ".woff2")


@lru_cache(maxsize=256)
def _fingerprint(path: Path, _modified: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


@lru_cache(maxsize=256)
def _compressed(path: Path, _modified: int) -> bytes:
    return gzip.compress(path.read_bytes(), 9, mtime=0)


def _folder() -> Path:
    return Path(current_app.root_path).parent / "static"


def _file(name: str) -> Path:
    folder = _folder().resolve()
    try:
        path = (folder / name).resolve()
        there = path.is_relative_to(folder) and path.is_file()
    except (OSError, ValueError):  # longer than any file name, or with a NUL in it
        there = False
    if not there:
        abort(404)
    return path


def asset(name: str) -> str:
    """The address of a static file: `css/base.css` -> `/static/<fingerprint>/css/base.css`."""
    if name not in _named or current_app.debug:  # while developing, a file may change under a running server
        path = _file(name)
        _named[name] = _fingerprint(path, path.stat().st_mtime_ns)
    return url_for("static.file", fingerprint=_named[name], name=name)


@bp.get("/static/<string(length=12):fingerprint>/<path:name>")
@public
def file(fingerprint: str, name: str) -> Response:
    """Serve one file, compressed where it helps; an old fingerprint gets the present file, not to be kept."""
    path = _file(name)
    modified = path.stat().st_mtime_ns
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if path.suffix in COMPRESSIBLE and "gzip" in request.headers.get("Accept-Encoding", ""):
        response = Response(_compressed(path, modified), mimetype=kind)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = Response(path.read_bytes(), mimetype=kind)
    response.headers["Vary"] = "Accept-Encoding"
    current = fingerprint == _fingerprint(path, modified)
    response.headers["Cache-Control"] = FOREVER if current else "no-cache"
    return response


def init_app(app: Flask) -> None:
    """Serve the files and let templates name them."""
    app.register_blueprint(bp)
    app.jinja_env.globals["asset"] = asset
