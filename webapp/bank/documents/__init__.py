"""Documents that become handbook articles: Markdown, HTML, DOCX and PDF files, from anybody, so never trusted."""

from webapp.bank.documents.reading import ENDINGS, LARGEST_FILE, Given, Read, read_document

__all__ = ["ENDINGS", "LARGEST_FILE", "Given", "Read", "read_document"]
