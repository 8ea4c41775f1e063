"""EXTRACT: what a record says — body, title, authors, dates — or why it is no article.

`record` chooses by the kind of record; `markup` parses a page once; `body` and `frame` find the text, within a `deadline`;
`metadata` asks `jsonld`, meta elements, `titles`, `authors` and `pubdate` for the facts; `dates` and `calendars` read
what publishers print; `room` is where on a page the article stands; `imported` reads articles that come as JSON.
"""

from workers.extract.record import Extracted, Favor, Rejected, extract

__all__ = ["Extracted", "Favor", "Rejected", "extract"]
