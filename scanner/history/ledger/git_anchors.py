"""Keeps anchors as annotated tags in a Git repository.

Once they are pushed, they are out of reach of a writer of the store.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from typing import Final

from scanner.errors import TscanError
from scanner.history.ledger.anchors import Anchor
from scanner.history.records.statements import stream_of
from scanner.model.history import Record

FOLDER: Final = "tscan"
"""Prefix of all tags."""
PUSH: Final = f"origin 'refs/tags/{FOLDER}/*'"
"""Arguments of `git push` that push the anchors."""
_TEXT: Final = re.compile(
    r"tscan anchor 1\n\n"
    r"chain ([^\n]+)\n"
    r"record ([1-9]\d{0,11})\n"
    r"sha256 ([0-9a-f]{64})\n"
    r"finished ([^\n]+)\n"
)
_FORMAT: Final = "%(objecttype)%00%(refname:strip=2)%00%(taggerdate:iso-strict)%00%(contents)%00"
_HOOK_VARIABLES: Final = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
)
"""Set by Git while a hook runs; they would override the folder given with -C."""
_TIMEOUT_SECONDS: Final = 60


class GitAnchors:
    """A local repository; nothing is fetched or pushed."""

    def __init__(self, folder: str) -> None:
        self.name = folder

    def read(self) -> Sequence[Anchor]:
        """As `Anchors.read`; TscanError for a tag of this name that is none of tscan's."""
        output = self._git("for-each-ref", f"--format={_FORMAT}", f"refs/tags/{FOLDER}/")
        fields = output.split("\0")
        # Four fields for each tag; the last newline is a field of no tag.
        rows = zip(fields[0::4], fields[1::4], fields[2::4], fields[3::4], strict=False)
        return [self._anchor(kind.strip(), tag, time, text) for kind, tag, time, text in rows]

    def _anchor(
        self,
        kind: str,
        tag: str,
        time: str,
        text: str,
    ) -> Anchor:
        # Not a full match: the signature of a signed tag follows the text.
        found = _TEXT.match(text)
        if kind != "tag" or found is None or tag != tag_of(found[1], int(found[2])):
            hint = "inspect it with 'git show'; delete the tag unless it is a changed anchor"
            raise TscanError(f"{self.name}: tag {tag} is not an anchor written by tscan", hint)
        return Anchor(
            stream=found[1],
            seq=int(found[2]),
            sha256=found[3],
            where=f"tag {tag}",
            time=time,
        )

    def keep(self, record: Record) -> str:
        """As `Anchors.keep`: the tag is on the newest commit."""
        stream = stream_of(record.chain)
        tag = tag_of(stream, record.seq)
        text = (
            f"tscan anchor 1\n\nchain {stream}\nrecord {record.seq}\nsha256 {record.sha256}\n"
            f"finished {record.finished}\n"
        )
        self._git("tag", "--annotate", "--file=-", tag, "HEAD", given=text)
        return tag

    def _git(self, *arguments: str, given: str = "") -> str:
        program = shutil.which("git")
        if program is None:
            raise TscanError(
                "git is not installed", "anchors in a repository are read and written by it"
            )
        environment = {
            name: value for name, value in os.environ.items() if name not in _HOOK_VARIABLES
        }
        try:
            # The arguments are ours; the repository is the one that the user named.
            done = subprocess.run(  # noqa: S603
                [program, "-C", self.name, *arguments],
                input=given.encode(),
                capture_output=True,
                timeout=_TIMEOUT_SECONDS,
                check=False,
                env={**environment, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise TscanError(f"{self.name}: git did not answer ({type(error).__name__})") from error
        if done.returncode:
            errors = done.stderr.decode(errors="replace").strip().splitlines() or ["git failed"]
            hint = "name a repository with a commit, and configure user.name and user.email in it"
            raise TscanError(f"{self.name}: {errors[-1]}", hint)
        return done.stdout.decode(errors="replace")


def tag_of(stream: str, seq: int) -> str:
    """The name of a record's tag."""
    # Git does not allow a dot everywhere in a tag: it is escaped as other characters are in the
    # name of a chain.
    return f"{FOLDER}/{stream.replace('.', '_2e')}/{seq:012d}"
