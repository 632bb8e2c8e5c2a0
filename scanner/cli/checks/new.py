"""Writes a commented check to start from: `tscan checks new`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from scanner.cli.support.options import PATH
from scanner.errors import TscanError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scanner.model.kinds import Kind

_ID: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_SAMPLES: Final = {
    "bool": ("self.{name}", "true", "false"),
    "string": ("self.{name} == 'good'", "good", "bad"),
    "int": ("self.{name} >= 1", "1", "0"),
    "list(string)": ("size(self.{name}) == 0", "[]", "[something]"),
}
"""By type: a condition, a value that satisfies it and one that does not."""


@click.command()
@click.argument("identity", metavar="ID")
@click.option(
    "--resource", required=True, metavar="KIND", help="What is asked about: aws.s3.bucket."
)
@click.option(
    "--into",
    type=PATH,
    default=Path(),
    metavar="DIR",
    help="The folder of your checks, made if need be; this one if left out.",
)
def new(identity: str, resource: str, into: Path) -> int:
    """Write a commented check with examples, which lints and tests as it stands, to be made yours.

    \b
    Examples:
      tscan checks new aws-s3-bucket-example --resource aws.s3.bucket
      tscan checks new aws-s3-bucket-example --resource aws.s3.bucket --into my-checks
    """
    from scanner.cli.support.new_file import write_new
    from scanner.content.library import load_library
    from scanner.words import did_you_mean

    library = load_library(lazily=True)
    kind = library.kinds.get(resource)
    if kind is None:
        raise TscanError(f"there is no kind '{resource}'", did_you_mean(resource, library.kinds))
    if not _ID.fullmatch(identity) or not identity.startswith(f"{kind.cloud}-"):
        raise TscanError(
            f"'{identity}' cannot be a check's id",
            f"write {kind.cloud}-… in lower case, with hyphens",
        )
    # A check of one's own that has the id of a shipped one would take its place in controls.
    if identity in library.checks:
        raise TscanError(
            f"check '{identity}' exists already", f"see it with 'tscan checks show {identity}'"
        )
    path = into / f"{identity}.yaml"
    hint = "choose another id, or name another folder with --into"
    write_new(path, skeleton(identity, kind), hint)
    click.echo(f"{path}\n  next: tscan checks test {path}")
    return 0


def skeleton(identity: str, kind: Kind) -> str:
    """The text of a check on the kind's simplest attribute."""
    name, (condition, good, bad) = _simplest(kind)
    readable = "\n".join(f"#   {line}" for line in readable_members(kind))
    return f"""version: 1
id: {identity}
title: What holds when this passes, in one line
fails: "{{name}} has no such setting"      # what is wrong with a failing resource
severity: medium                # low | medium | high | critical
resource: {kind.id}
# where: self.region != ''      # who is asked about; leave out for every {kind.title}
if_empty: not_applicable      # what it says when there is none: fail | unknown | not_applicable
# What can be read, in the language of docs/language.md:
{readable}
pass_when: {condition.format(name=name)}
why: What goes wrong where this fails, in your own words.
fix: |
  What to do: console, command line, Terraform.
refs: []                        # the provider's page about it; ids of benchmarks
examples:                       # the check's tests, run by 'tscan checks test'; \
what is left out is absent or unread
  pass:    [{{resource: {{{name}: {good}}}}}]
  fail:    [{{resource: {{{name}: {bad}}}}}]
  unknown: [{{resource: {{}}, unreadable: [{name}]}}]
"""


def readable_members(kind: Kind) -> Iterator[str]:
    """A line for each attribute, with the fields of records below it, and for each relation."""
    for attribute in kind.attributes.values():
        yield f"self.{attribute.name}: {attribute.type} - {attribute.meaning}"
        for field in attribute.each.values():
            yield f"  .{field.name}: {field.type} - {field.meaning}"
    for relation in kind.relations.values():
        other = f"{relation.cardinality.value} {relation.kind}"
        yield f"self.{relation.name}: {other} - {relation.meaning}"


def _simplest(kind: Kind) -> tuple[str, tuple[str, str, str]]:
    """An attribute that a condition can name without a guard, with the sample for its type."""
    for wanted, sample in _SAMPLES.items():
        for attribute in kind.attributes.values():
            if attribute.type == wanted:
                return attribute.name, sample
    # Every resource has a name.
    return "name", _SAMPLES["string"]
