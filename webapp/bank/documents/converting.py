"""Turns one HTML, DOCX or PDF file into Markdown. Run as a program of its own, because the file may be anybody's.

`python -I converting.py html|docx|pdf < file` writes JSON: {"title", "sure", "markdown", "notes"} or {"problem"}.
Before it looks at the file it gives up most of what a program may do: memory, processor time, writing, the network,
other programs. Imports nothing of Bankside.
"""

from __future__ import annotations

import io
import json
import re
import resource
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from typing import Any

MEMORY = 768 * 1024 * 1024  # bytes of address space
PROCESSOR_SECONDS = 10
LONGEST_MARKDOWN = 1_000_000  # characters; the caller allows less, but wants to say how much it was
MOST_PAGES = 200
MOST_PARTS = 2_000  # of a DOCX, which is a ZIP
LARGEST_UNPACKED = 60 * 1024 * 1024  # bytes, all parts together
LARGER = 1.15  # times the size of the body text: a heading

TAGS = set(
    "h1 h2 h3 h4 h5 h6 p div br strong b em i ul ol li table thead tbody tr th td blockquote pre code a hr dl dt dd "
    "title section article main".split()
)
NOT_TEXT = {"script", "style", "nav", "footer", "aside", "template", "noscript", "svg", "iframe", "object", "select"}
TITLE_STYLES = "p[style-name='Title'] => p.document-title:fresh\np[style-name='Subtitle'] => p:fresh"


class Refused(Exception):
    """The file cannot be read; the text says why, as the end of a sentence that begins with its name."""


def main() -> None:
    """Read standard input, write JSON to standard output."""
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    content = sys.stdin.buffer.read()
    sys.addaudithook(_refuse)
    try:
        found = {"html": from_html, "docx": from_docx, "pdf": from_pdf}[sys.argv[1]](content)
        if len(found["markdown"]) > LONGEST_MARKDOWN:
            raise Refused(f"has more than {LONGEST_MARKDOWN:,} characters of text")
    except Refused as refusal:
        found = {"problem": str(refusal)}
    except MemoryError:
        found = {"problem": "needs more memory than a document may"}
    except RecursionError:
        found = {"problem": "is nested too deeply"}
    except Exception as error:  # three libraries and anybody's file: what is wrong has a hundred names
        found = {"problem": f"is damaged or not what its name says ({type(error).__name__})"}
    sys.stdout.write(json.dumps(found))


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Python asks before it opens, connects or starts anything: libraries may load their own code, and that is all."""
    if event.startswith(("socket.", "subprocess.", "os.exec", "os.spawn", "os.posix_spawn", "os.system", "os.fork")):
        raise PermissionError(event)
    if event == "open":
        path, mode = str(arguments[0]), arguments[1]
        if (isinstance(mode, str) and set(mode) & set("wax+")) or not path.startswith((sys.prefix, sys.base_prefix)):
            raise PermissionError(event)


def from_html(content: bytes) -> dict[str, Any]:
    """What a page says: scripts, styles, navigation, pictures and forms are left out."""
    from bs4.dammit import UnicodeDammit

    text = UnicodeDammit(content, is_html=True).unicode_markup
    if text is None:
        raise Refused("is in no known character set")
    return _from_markup(text)


def _from_markup(markup: str) -> dict[str, Any]:
    import nh3
    from bs4 import BeautifulSoup
    from markdownify import markdownify

    pictures = len(re.findall(r"<img\b", markup, re.IGNORECASE))
    clean = nh3.clean(
        markup,
        tags=TAGS,
        clean_content_tags=NOT_TEXT,
        attributes={"a": {"href"}, "p": {"class"}},
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    tree = BeautifulSoup(clean, "html.parser")
    title, sure = "", False
    for element in tree.select("p.document-title, title"):
        title = title or " ".join(element.get_text(" ").split())
        sure = sure or element.name == "p"
        element.decompose()
    for link in tree.select('a:not([href^="http"]):not([href^="mailto:"])'):
        link.unwrap()
    markdown = markdownify(str(tree), heading_style="ATX", bullets="-", table_infer_header=True)
    notes = [f"{pictures} picture{'s were' if pictures > 1 else ' was'} left out"] if pictures else []
    return {"title": title, "sure": sure, "markdown": markdown, "notes": notes}


def from_docx(content: bytes) -> dict[str, Any]:
    """A Word document by its styles: Title, Heading 1 ... , lists and tables."""
    import mammoth

    _look_into_the_zip(content)
    pictures: list[object] = []

    def leave_out(picture: object) -> list[object]:
        pictures.append(picture)
        return []

    html = mammoth.convert_to_html(
        io.BytesIO(content), convert_image=leave_out, style_map=TITLE_STYLES, external_file_access=False
    ).value
    found = _from_markup(html)
    if pictures:
        found["notes"] = [f"{len(pictures)} picture{'s were' if len(pictures) > 1 else ' was'} left out"]
    return found


def _look_into_the_zip(content: bytes) -> None:
    """Before anything is unpacked: how much it would be, by what the ZIP says. `zipfile` unpacks no more than that."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise Refused("is no Word document (DOCX)") from error
    parts = archive.infolist()
    if len(parts) > MOST_PARTS:
        raise Refused(f"has more than {MOST_PARTS:,} parts")
    if sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        raise Refused(f"would be more than {LARGEST_UNPACKED // 2**20} MB unpacked")
    if any(part.flag_bits & 1 for part in parts):
        raise Refused("is protected by a password")
    if "word/document.xml" not in archive.namelist():
        raise Refused("is no Word document (DOCX)")
    for part in parts:
        if part.filename.endswith((".xml", ".rels")):
            xml = archive.read(part)
            # Word writes neither; both are how XML is made to grow, or to fetch files, while it is read.
            if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml or xml[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise Refused("has declarations that a Word document does not have")


def from_pdf(content: bytes) -> dict[str, Any]:
    """The text of a PDF, its headings known by their size."""
    from pypdf import PdfReader

    if not content[:1024].lstrip().startswith(b"%PDF-"):
        raise Refused("is no PDF")
    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted and not reader.decrypt(""):
        raise Refused("is protected by a password")
    if len(reader.pages) > MOST_PAGES:
        raise Refused(f"has {len(reader.pages)} pages; at most {MOST_PAGES} can be taken")
    lines: list[Line] = []
    for page in reader.pages:
        lines += _lines_of(page)
        if sum(len(line.text) for line in lines) > LONGEST_MARKDOWN:
            raise Refused(f"has more than {LONGEST_MARKDOWN:,} characters of text")
    if not any(line.text for line in lines):
        raise Refused("has no text: it may be a scan")
    title = str(reader.metadata.title or "").strip() if reader.metadata else ""
    return {"title": title, "sure": False, "markdown": "\n\n".join(_blocks(lines)), "notes": []}


class Line:
    """A line of a page: what it says, how large, and how far below the one before (0: the first of its page)."""

    def __init__(self, text: str, size: float, gap: float) -> None:
        self.text = text
        self.size = size
        self.gap = gap


def _lines_of(page: Any) -> Iterator[Line]:
    pieces: list[tuple[float, float, str]] = []  # height on the page, size, text

    def visit(text: str, matrix: list[float], text_matrix: list[float], _font: object, size: float) -> None:
        if text.strip():
            scale = abs(text_matrix[3] * matrix[3]) or 1.0
            height = text_matrix[5] * matrix[3] + matrix[5]
            pieces.append((round(height, 1), round(size * scale, 1), text))

    page.extract_text(visitor_text=visit)
    last: float | None = None
    text, size, gap = "", 0.0, 0.0
    for height, piece_size, piece in pieces:
        if last is not None and abs(height - last) <= 2:
            text, size = text + piece, max(size, piece_size)
            continue
        if text.strip():
            yield Line(" ".join(text.split()), size, gap)
        gap = abs(last - height) if last is not None else 0.0
        text, size, last = piece, piece_size, height
    if text.strip():
        yield Line(" ".join(text.split()), size, gap)


def _blocks(lines: list[Line]) -> Iterator[str]:
    """Paragraphs, list items and headings."""
    letters: Counter[float] = Counter()
    for line in lines:
        letters[line.size] += len(line.text)
    # The body's size: the smallest that much of the text has. (In a short document the headings may be more.)
    body = min(size for size, count in letters.items() if count >= 0.3 * max(letters.values()))
    sizes = sorted({line.size for line in lines if line.size >= body * LARGER}, reverse=True)[:4]
    gaps = sorted(line.gap for line in lines if 0 < line.gap < 4 * body) or [body]
    usual = gaps[len(gaps) // 2]
    block = ""
    was_heading = 0
    for line in lines:
        level = sizes.index(line.size) + 1 if line.size in sizes else 0
        item = re.match(r"(?:[\u2022\u2023\u25aa\u25cf\u2013\-*]|\d{1,2}[.)])\s+", line.text)
        goes_on = block and level == was_heading and not item and (level or line.gap <= usual * 1.4)
        if goes_on:
            block = (
                block[:-1] + line.text if block.endswith("-") and line.text[:1].islower() else f"{block} {line.text}"
            )
            continue
        if block:
            yield _marked(block, was_heading)
        block, was_heading = line.text, level
    if block:
        yield _marked(block, was_heading)


def _marked(text: str, level: int) -> str:
    if level:
        return f"{'#' * level} {text}"
    numbered = re.match(r"(\d{1,2})[.)]\s+(.*)", text)
    bullet = re.match(r"[\u2022\u2023\u25aa\u25cf\u2013\-*]\s+(.*)", text)
    if numbered:
        return f"{numbered[1]}. {_plain(numbered[2])}"
    return f"- {_plain(bullet[1])}" if bullet else _plain(text)


def _plain(text: str) -> str:
    """Text whose signs mean nothing to Markdown."""
    return re.sub(r"([\\`*<\[\]]|^[#>|])", r"\\\1", text)


if __name__ == "__main__":
    main()
