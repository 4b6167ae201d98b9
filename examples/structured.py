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


question = " ".join(sys.argv[1:]) or 'Describe "Emma" by "Jane Austen", 474 pages, "comedy" and "romance".'
client = Client()

for most in (15, 2000):  # at first far too few tokens, to show what happens then
    try:
        book = client.chat.parse(model="grok-4", messages=question, schema=Book, max_tokens=most).value
        print(f"{book.title!r} by {book.author}, {book.pages} pages: {', '.join(book.genres)}")
        break
    except TruncatedOutputError as error:
        print(f"cut after {most} tokens: {error.text!r}")
    except RefusalError as error:  # gRPC has no field for refusals: there they are InvalidOutputErrors
        print("refused:", error.text)
        break
    except InvalidOutputError as error:
        print(f"no book: {error.text!r}\n{error}")
        break
