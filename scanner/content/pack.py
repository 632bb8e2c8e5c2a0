"""The files of a pack: read their bytes, parse them one by one, and digest them all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from scanner.content.document_reader import DocumentReader
from scanner.content.documents import Document, read_document
from scanner.content.locations import ContentFile, Roots, content_files
from scanner.content.schema_validator import earlier_key, schema_problems, version_problem
from scanner.errors import ContentError, Problem


@dataclass(slots=True)
class Pack:
    """The files of a pack, and the problems found in them, while a library is built."""

    problems: list[Problem] = field(default_factory=list)
    files: list[ContentFile] = field(default_factory=list)
    validate: bool = True
    """Whether shipped files are validated against their schemas."""

    def collect(self, roots: Roots) -> None:
        """Read the bytes of every file, in order."""
        self.validate = roots.validate
        self._add("resources", roots.kinds)
        self._add("checks", roots.checks)
        self._add("mappings", roots.mappings)
        # Numbered in the order of the options: two folders may hold files of one name.
        for number, folder in enumerate(roots.more_checks, 1):
            self._add(f"user/{number}/checks", folder, shipped=False)
        for number, folder in enumerate(roots.more_mappings, 1):
            self._add(f"user/{number}/mappings", folder, shipped=False)

    def _add(
        self,
        label: str,
        root: Path,
        *,
        shipped: bool = True,
    ) -> None:
        self.files.extend(content_files(root, label, self.problems, shipped=shipped))

    def of(self, label: str) -> Iterator[ContentFile]:
        """The files of one part: `resources`, `checks` or `mappings`."""
        for file in self.files:
            steps = file.name.split("/")
            # A user's file is named `user/1/checks/…`.
            part = steps[0] if file.shipped else steps[2]
            if part == label:
                yield file

    def read(self, file: ContentFile, format_name: str) -> DocumentReader | None:
        """The reader of a file; None when its form is wrong, which is noted."""
        document = read_document(file.content, path=file.shown, name=file.name)
        if isinstance(document, Problem):
            self.problems.append(document)
            return None
        outdated = earlier_key(document, format_name)
        if outdated is not None:
            # The whole pack is of another format: its other files would repeat this. The name
            # inside the pack is shown, for an archived pack lies in a temporary folder.
            if file.shipped:
                outdated = replace(outdated, path=file.name)
            raise ContentError([outdated])
        problems = self._form_problems(file, document, format_name)
        self.problems.extend(problems)
        if problems:
            return None
        return DocumentReader(document, self.problems)

    def _form_problems(
        self,
        file: ContentFile,
        document: Document,
        format_name: str,
    ) -> list[Problem]:
        if not file.shipped and format_name == "check" and _is_kind(document):
            # A kind in a folder of checks could make any call with the credentials of a scan.
            hint = "kinds decide which calls run with your credentials; only tscan ships them"
            message = "a folder of checks cannot add a kind"
            return [document.problem(("kind",), message, hint, key=True)]
        if self.validate or not file.shipped:
            return schema_problems(document, format_name)
        newer = version_problem(document)
        if newer is not None:
            return [newer]
        return []

    def digest(self) -> str:
        """SHA-256 over the name and the bytes of every file, each with its length.

        Without the lengths, bytes could be moved from a file's end into the next one's name.
        """
        whole = hashlib.sha256()
        for file in sorted(self.files, key=lambda file: file.name):
            name = file.name.encode()
            whole.update(b"%d:%s%d:" % (len(name), name, len(file.content)))
            whole.update(file.content)
        return whole.hexdigest()


def _is_kind(document: Document) -> bool:
    return isinstance(document.data, dict) and "kind" in document.data
