"""`python -m tests.pipeline.planted_secrets`: every form of secret in every text member of every
operation's answer, and none of it is left.

The members are those that the providers' models name. It prints how many were planted, and each
that is left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count

from scanner.client.interfaces import Rules
from scanner.client.redaction import Redactor
from scanner.content.library import load_library
from scanner.core.reading.inventory import with_every_reading
from scanner.core.reading.read_plan import kept_parts, secret_paths
from scanner.model.answers import canonical
from scanner.model.library import Library
from tests.helpers.planted_answers import operations, planted
from tests.helpers.secret_examples import ENCODINGS, Example, examples


def redactor_of(library: Library) -> Redactor:
    """As a scan makes it."""
    ways = with_every_reading(library)
    return Redactor(Rules(secrets=secret_paths(ways), keeps=kept_parts(ways)))


def left(
    redactor: Redactor,
    operation: str,
    chosen: Callable[[int], Example],
    encode: Callable[[str], str] = lambda text: text,
) -> Iterator[str]:
    """The secrets that are left of an answer, each with the member that it was planted in; last,
    as a text, how many were planted.
    """
    places: dict[str, str] = {}
    numbers = count()

    def plant(path: str) -> str:
        example = chosen(next(numbers))
        for part in example.parts:
            places[part] = f"{operation} {path}: {example.form}"
        return encode(example.text)

    cleaned, _ = redactor.clean(operation, planted(operation, plant))
    written = canonical(cleaned)
    for part, place in places.items():
        if part in written:
            yield place
    yield str(next(numbers))


def main(arguments: Sequence[str]) -> int:
    """Every form in every member; with `encoded`, in every encoding too."""
    library = load_library()
    redactor = redactor_of(library)
    names = list(ENCODINGS) if "encoded" in arguments else ["plain"]
    forms = examples(seed=7)
    began, number, found = time.monotonic(), 0, 0
    for operation in operations(library):
        for example in forms:
            for name in names:
                *places, planted_here = left(
                    redactor, operation, lambda _, one=example: one, ENCODINGS[name]
                )
                number += int(planted_here)
                found += len(places)
                for place in places:
                    print(f"{place} ({name})", flush=True)
    seconds = time.monotonic() - began
    print(
        f"{number} texts planted in {len(operations(library))} operations, {len(forms)} examples of"
        f" {len({one.form for one in forms})} forms: {found} left ({seconds:.0f} s)"
    )
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
