"""Finds how a scan differs from the configured one: its scope, by which history compares scans."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scanner.cli.support.options import SEVERITIES, JudgingOptions, categories

if TYPE_CHECKING:
    from scanner.model.config import Config, TargetConfig
    from scanner.model.library import Library


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """The options of a scan that may change its scope, beside those of judging."""

    targets: tuple[str, ...]
    """As `--target` names them."""
    chosen: tuple[TargetConfig, ...]
    """The targets that are scanned, as they are configured."""
    regions: tuple[str, ...]
    params: Mapping[str, Any]


def scope_of(
    options: JudgingOptions, library: Library, configured: Config, requested: Requested
) -> tuple[str, ...]:
    """The options that change what is read and judged, as `option=value`, sorted.

    What was asked for, and not what came of it: a region that the account enables, a check that a
    new pack brings or a parameter that tscan.yaml sets belongs to the configured scope, and shows
    as drift. An option that says what is configured already changes nothing.
    """
    found = [f"select={pattern}" for pattern in options.select]
    if options.severity != SEVERITIES[0]:
        found.append(f"severity={options.severity}")
    found += _categories(options, library, configured)
    found += _targets(configured, requested)
    found += _regions(requested)
    found += _params(configured, requested)
    return tuple(sorted(set(found)))


def as_options(scope: Iterable[str]) -> str:
    """The command line options of a scope: `--region eu-west-1 --select 'aws-s3-*'`."""
    words: list[str] = []
    for entry in scope:
        name, _, value = entry.partition("=")
        words += [f"--{name}", shlex.quote(value)]
    return " ".join(words)


def _categories(options: JudgingOptions, library: Library, configured: Config) -> Iterator[str]:
    chosen = categories(options, library, configured.categories)
    if _sorted(chosen) != _sorted(configured.categories):
        for name in options.category:
            yield f"category={name}"


def _sorted(values: Mapping[str, Iterable[str]]) -> Mapping[str, Sequence[str]]:
    return {name: sorted(set(texts)) for name, texts in values.items()}


def _targets(configured: Config, requested: Requested) -> Iterator[str]:
    # Without a file the named targets are what is configured. With one, a control is judged by the
    # findings of all its targets: by fewer, it may look better than it is.
    if not configured.path:
        return
    left_out = [one for one in configured.targets if one not in requested.chosen]
    added = [one for one in requested.chosen if one not in configured.targets]
    if left_out or added:
        for text in requested.targets:
            yield f"target={text.lower()}"


def _regions(requested: Requested) -> Iterator[str]:
    wanted = set(requested.regions)
    if not wanted:
        return
    # Only targets of AWS have regions that an option names.
    places = [set(one.regions) for one in requested.chosen if one.cloud == "aws"]
    if any(place != wanted for place in places):
        for region in wanted:
            yield f"region={region}"


def _params(configured: Config, requested: Requested) -> Iterator[str]:
    for name, value in requested.params.items():
        for target in requested.chosen:
            values = {**configured.params, **target.params}
            # Set to its default is not the same as unset: defaults change.
            if name not in values or values[name] != value:
                yield f"param={name}={_written(value)}"


def _written(value: Any) -> str:
    """A parameter as `--param` takes it."""
    if isinstance(value, list | tuple):
        return ",".join(map(_written, value))
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
