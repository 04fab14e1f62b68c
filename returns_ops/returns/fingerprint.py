"""What makes two troubles the same: their words, without what differs from one to the next. Pure.

Numbers, identifiers, e-mail addresses, links and times are masked, so that one cause that Narvar
tells of for twenty returns is one group.
"""

import hashlib
import re

LONGEST = 200
READ = 1000  # of a longer text, the beginning says what it is about
# In this order: what is masked first is no longer seen by those that follow.
MASKS = [
    (re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"'<>]+"), "<link>"),
    (re.compile(r"[^\s@\"'<>(),;:]+@[^\s@\"'<>(),;:]+"), "<e-mail>"),
    (
        re.compile(
            r"\d{4}-\d{2}-\d{2}"
            r"(?:[t ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?z| ?[+-]\d{2}:?\d{2})?)?"
        ),
        "<time>",
    ),
    (re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?\b"), "<time>"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<id>"),
    # Any word with a digit in it: RMA and order numbers, SKUs, amounts.
    (re.compile(r"[#$€£¥]?[\w.,/-]*\d(?:[\w.,/-]*\w)?%?"), "<id>"),
]
SPACE = re.compile(r"\s+")


def masked(text: str) -> str:
    """The text as its group shows it: lower case, one line, without what is only its own."""
    found = SPACE.sub(" ", text[:READ].replace("<", " ").replace(">", " ").lower()).strip()
    for pattern, mask in MASKS:
        found = pattern.sub(mask, found)
    found = re.sub(r"<id>(?:[ ,]+<id>)+", "<id>", found)
    return found.strip(" .!,;:")[:LONGEST]


def fingerprint(cause: str, text: str) -> str:
    """16 hex digits: the same for the same cause and the same masked text."""
    return hashlib.sha256(f"{cause}|{masked(text)}".encode()).hexdigest()[:16]
