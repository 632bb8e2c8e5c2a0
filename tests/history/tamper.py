"""Random damage to a signed store, each to be detected and named: `python -m tests.history.tamper
[--s3]`."""

from __future__ import annotations

import argparse
import base64
import json
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scanner.history.ledger.anchors import read_head
from scanner.history.ledger.ledger import Ledger
from scanner.history.records.seal import Signer, find_signer, make_key
from scanner.history.stores import Store, open_store
from scanner.history.verification.verify import Verified, verify
from tests.helpers.small_scans import simple

RECORDS = 40
FEWER = 10
"""Records where every file is fetched over HTTP."""


def build(folder: Path, count: int = RECORDS) -> tuple[Path, Signer]:
    """A store of two chains, and the key that sealed it."""
    key = folder / "key.pem"
    make_key(key)
    signer = find_signer(key)
    assert signer is not None
    ledger = Ledger(open_store(str(folder / "store")), signer)
    for number in range(count):
        ledger.commit(simple(number, content=b"a pack"))
        if number % 8 == 0:
            ledger.commit(simple(number, name="other", target="aws:444455556666"))
    return folder / "store", signer


class Vandal:
    """Damages one thing of a copy of a store, and says which file must be named."""

    def __init__(self, store: Path, chance: random.Random, signer: Signer) -> None:
        self.store = store
        self.signer = signer
        self.chance = chance
        self.records = sorted((store / "log").glob("*/*.json"))
        self.segments = sorted((store / "segments").glob("kind=*/*/*"))

    def strike(self) -> tuple[str, list[str]]:
        """What was done, and the files of which one must be named."""
        deeds: list[Callable[[], list[str]]] = [
            self.edit_record,
            self.edit_segment,
            self.cut,
            self.delete_record,
            self.delete_segment,
            self.swap_records,
            self.swap_segments,
            self.duplicate,
            self.back_date,
            self.change_verdicts,
            self.strip_signature,
            self.resign,
            self.cut_off,
            self.grow_again,
        ]
        deed = self.chance.choice(deeds)
        return deed.__name__, deed()

    def _name(self, *paths: Path) -> list[str]:
        return [path.relative_to(self.store).as_posix() for path in paths]

    def _flip(self, path: Path) -> list[str]:
        content = bytearray(path.read_bytes())
        content[self.chance.randrange(len(content))] ^= 1 << self.chance.randrange(8)
        path.write_bytes(content)
        return self._name(path)

    def edit_record(self) -> list[str]:
        return self._flip(self.chance.choice(self.records))

    def edit_segment(self) -> list[str]:
        return self._flip(self.chance.choice(self.segments))

    def cut(self) -> list[str]:
        path = self.chance.choice(self.records + self.segments)
        content = path.read_bytes()
        path.write_bytes(content[: self.chance.randrange(len(content))])
        return self._name(path)

    def delete_record(self) -> list[str]:
        path = self.chance.choice(self.records)
        path.unlink()
        return self._name(path)

    def delete_segment(self) -> list[str]:
        path = self.chance.choice(self.segments)
        path.unlink()
        return self._name(path)

    def _swap(self, paths: list[Path]) -> list[str]:
        one, other = self.chance.sample(paths, 2)
        first, second = one.read_bytes(), other.read_bytes()
        if first == second:
            return self._flip(one)
        one.write_bytes(second)
        other.write_bytes(first)
        return self._name(one, other)

    def swap_records(self) -> list[str]:
        return self._swap(self.records)

    def swap_segments(self) -> list[str]:
        return self._swap(self.segments)

    def duplicate(self) -> list[str]:
        """A record once more at the end of its chain."""
        path = self.chance.choice(self.records)
        last = max(other for other in self.records if other.parent == path.parent)
        new = path.with_name(f"{int(last.stem) + 1:012d}.json")
        shutil.copy(path, new)
        return self._name(new)

    def _change(self, path: Path, change: Callable[[dict[str, Any]], None]) -> None:
        """Another Statement under the old signature."""
        envelope = json.loads(path.read_bytes())
        statement = json.loads(base64.b64decode(envelope["payload"]))
        change(statement["predicate"])
        payload = json.dumps(
            statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()
        envelope["payload"] = base64.b64encode(payload).decode()
        path.write_text(json.dumps(envelope, sort_keys=True, separators=(",", ":")) + "\n")

    def back_date(self) -> list[str]:
        path = self.chance.choice(self.records)
        self._change(
            path,
            lambda record: record.update(
                started="2025-06-01T00:00:00.000Z", finished="2025-06-01T00:10:00.000Z"
            ),
        )
        return self._name(path)

    def change_verdicts(self) -> list[str]:
        path = self.chance.choice(self.records)
        self._change(path, lambda record: record["counts"].update(fail=0))
        return self._name(path)

    def strip_signature(self) -> list[str]:
        """Not of the first one: a chain may begin unsigned, and is then said to."""
        path = self.chance.choice([path for path in self.records if int(path.stem) > 1])
        envelope = json.loads(path.read_bytes())
        envelope["signatures"] = []
        path.write_text(json.dumps(envelope, sort_keys=True, separators=(",", ":")) + "\n")
        return self._name(path)

    def resign(self) -> list[str]:
        """By a key that nobody knows."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        path = self.chance.choice(self.records)
        payload = base64.b64decode(json.loads(path.read_bytes())["payload"])
        path.write_bytes(Signer(Ed25519PrivateKey.generate()).seal(payload))
        return self._name(path)

    def cut_off(self) -> list[str]:
        """The newest records of a chain, of which an anchor names the last."""
        last = self.chance.choice([self.records[0], self.records[-1]]).parent
        chain = [path for path in self.records if path.parent == last]
        for path in chain[-self.chance.randint(1, len(chain)) :]:
            path.unlink()
        return self._name(chain[-1])

    def grow_again(self) -> list[str]:
        """By the key holder: the newest records are cut off, and as many others are signed in their
        place."""
        chain = [path for path in self.records if path.parent == self.records[0].parent]
        count = self.chance.randint(1, 4)
        for path in chain[-count:]:
            path.unlink()
        ledger = Ledger(open_store(str(self.store)), self.signer)
        for number in range(count):
            ledger.commit(simple(RECORDS + number, name="invented"))
        return self._name(chain[-1])


KINDS = {
    "edit_record": {"edited", "truncated", "unknown key"},
    "edit_segment": {"edited"},
    "cut": {"truncated", "edited"},
    "delete_record": {"missing"},
    "delete_segment": {"missing"},
    "swap_records": {"reordered", "edited"},
    "swap_segments": {"reordered", "edited"},
    "duplicate": {"duplicated"},
    "back_date": {"edited"},
    "change_verdicts": {"edited"},
    "strip_signature": {"unsigned"},
    "resign": {"unknown key"},
    "cut_off": {"missing"},
    "grow_again": {"replaced"},
}


def missed(seen: Verified, deed: str, files: list[str]) -> bool:
    """Whether none of the files was named with its record and the kind of damage that was done."""
    return not any(
        damage.file in files and damage.kind in KINDS[deed] and damage.record
        for damage in seen.damages
    )


def run(count: int, seed: int, place: str = "") -> Counter[str]:
    """Damage `count` copies, in a folder or at a place; how often each deed was detected.

    AssertionError for one that was not named.
    """
    chance = random.Random(seed)
    done: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder, signer = build(Path(name), FEWER if place else RECORDS)
        store = open_store(place or str(folder))
        before = _files(folder)
        _carry(store, {}, before)
        whole = verify(store)
        if whole.damages or whole.unsigned:
            raise AssertionError("the store is damaged before anything was done")
        anchors = [read_head(head) for head in whole.heads.values()]
        for number in range(count):
            deed, files = Vandal(folder, chance, signer).strike()
            after = _files(folder)
            _carry(store, before, after)
            seen = verify(store, anchors=anchors)
            if missed(seen, deed, files):
                raise AssertionError(
                    f"{number}: {deed} of {files} was not named: {[*map(str, seen.damages)]}"
                )
            done[deed] += 1
            _carry(store, after, before)
            _carry(open_store(str(folder)), after, before)
    return done


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _carry(store: Store, before: dict[str, bytes], after: dict[str, bytes]) -> None:
    """Make a store that holds the one hold the other."""
    for key in before.keys() - after.keys():
        store.delete(key)
    for key, content in after.items():
        if before.get(key) != content:
            store.put(key, content)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--s3", action="store_true", help="in a bucket of a moto server instead of a folder"
    )
    options = parser.parse_args()
    if options.s3:
        from tests.helpers.bucket import bucket

        with bucket() as place:
            done = run(options.count, options.seed, place)
    else:
        done = run(options.count, options.seed)
    print(
        f"{sum(done.values())} of {options.count} detected and named: {dict(sorted(done.items()))}"
    )


if __name__ == "__main__":
    main()
