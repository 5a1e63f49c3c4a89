"""The words that find a customer: what is kept of one, and what is made of a search as it is typed (S6.17).

Both sides are folded alike: case, accents and the marks of other scripts do not matter. A search finds the customers
for whom each of its words begins one of theirs.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

MAX_WORD = 64
"""Characters of a word that are compared; what is longer is cut on both sides."""

MIN_LAST_DIGITS = 3
"""From so many digits on, a number is also looked for at the end of phone numbers."""

MAX_NAME_KEY = 100

_END = "\U0010ffff"
_LAST_DIGITS = "\x01"
_PLAIN_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", _END: None})
_PHONE_LIKE = re.compile(r"[0-9 ()+./\-]*[0-9][0-9 ()+./\-]*")
_NO_DIGIT = re.compile(r"[^0-9]+")
_INNER_WORD = re.compile(r"(?<=[-'’.])[^-'’.\s]+")
_OUTER_MARKS = "\"'’‘“”„«»()[]{},;.-"


def fold(text: str) -> str:
    """Text without case, accents and repeated spaces, so that what looks alike is alike."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        text = "".join(sign for sign in text if unicodedata.category(sign) != "Mn").translate(_PLAIN_LETTERS)
    return " ".join(text.lower().split())


def email_key(email: str) -> str:
    """What makes an e-mail address the same as another."""
    return unicodedata.normalize("NFKC", email).casefold()


def phone_key(phone: str) -> str:
    """What makes a phone number the same as another: its digits, without the zeros that stand for a plus."""
    digits = _NO_DIGIT.sub("", phone)
    return digits[2:] if digits.startswith("00") and len(digits) > 4 else digits


def name_key(name: str | None, others: Iterable[str | None]) -> str:
    """Where a customer stands in order of name; one without a name stands by the first other thing that names them."""
    for text in (name, *others):
        key = fold(text)[:MAX_NAME_KEY].rstrip() if text else ""
        if key:
            return key
    return ""


def words_of(
    name: str | None, email: str | None, phone: str | None, member_code: str | None, external_id: str | None
) -> list[str]:
    """Every word that a customer is found by, in order, each once."""
    words = set(_name_words(name)) if name else set()
    if email:
        words.update(fold(email).split())
    if phone:
        digits = phone_key(phone)
        words.update((digits, _LAST_DIGITS + digits[::-1]))
    if member_code:
        words.add(fold(member_code).replace("-", ""))
    if external_id:
        words.update(fold(external_id).split())
    words.discard("")
    return sorted({word[:MAX_WORD] for word in words})


@lru_cache(maxsize=4_096)
def _name_words(name: str) -> tuple[str, ...]:
    """The words of a name, and the parts of those that are joined: `anna-lena` is found by `lena` too."""
    words = fold(name).split()
    inner = [part for word in words for part in _INNER_WORD.findall(word)]
    return (*words, *(word.strip(_OUTER_MARKS) for word in words), *inner)


Word = tuple[str, ...]
"""One word of a search: the beginnings by any of which it is found, the nearest first."""


def read_search(text: str) -> list[Word]:
    """The words of a search; none where it holds nothing to look for."""
    folded = fold(text)
    if _PHONE_LIKE.fullmatch(folded):
        return [_number(folded)]
    return [_word(part) for part in dict.fromkeys(folded.split())]


def _word(part: str) -> Word:
    plain = part.replace("-", "")
    return tuple(dict.fromkeys(each[:MAX_WORD] for each in (part, plain) if each))


def _number(text: str) -> Word:
    """Digits as typed: the beginning of a phone number, a code or an id, or the last digits of a phone number."""
    digits = phone_key(text)
    found = ["".join(text.split()), digits]
    if len(digits) >= MIN_LAST_DIGITS:
        found.append(_LAST_DIGITS + digits[::-1])
    return tuple(dict.fromkeys(each[:MAX_WORD] for each in found if each))


def bounds(prefix: str) -> tuple[str, str]:
    """The half-open range of words that begin with a prefix."""
    return prefix, prefix + _END
