"""Get an answer as a dataclass, and handle the three ways in which that can fail."""

import sys
from dataclasses import dataclass

from xai_dual import Client, InvalidOutputError, RefusalError, TruncatedOutputError


@dataclass
class Book:
    """A book."""

    title: str
    author: str
    pages: int
    genres: list[str]


question = " ".join(sys.argv[1:]) or 'Describe the book "Emma" by "Jane Austen", with 474 pages.'
client = Client()

for most in (15, 2000):  # far too few tokens, to show what happens then
    try:
        parsed = client.chat.parse(model="grok-4", messages=question, schema=Book, max_tokens=most)
    except TruncatedOutputError as error:
        print(f"cut after {most} tokens: {error.text!r}")
    except RefusalError as error:  # REST only: gRPC has no field for it, there it is an InvalidOutputError
        print("refused:", error.text)
        break
    except InvalidOutputError as error:
        print(f"no book: {error.text!r} ({error})")
        break
    else:
        book = parsed.value
        print(f"{book.title!r} by {book.author}, {book.pages} pages, {', '.join(book.genres)}")
        break
