"""Runs the command line: the commands by name, and one exit for every kind of error.

To add a command, write `scanner/cli/<command>.py` and name it here with the line that `--help`
shows: see docs/adding-a-command.md.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import sys
import threading
from collections.abc import Sequence
from typing import Final

import click
from click.exceptions import NoArgsIsHelpError

from scanner import __version__
from scanner.cli.support.lazy import LazyGroup
from scanner.cli.support.log_options import log_options
from scanner.cli.support.standard_streams import keep_standard_streams
from scanner.cli.support.variables import bind_variables
from scanner.errors import EXIT_CLEAN, EXIT_MISUSE, TscanError

_DISK_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})

app = LazyGroup(
    name="tscan",
    help="""Read cloud configuration and evaluate it against controls and criteria.

\b
Examples:
  tscan demo                         the matrix of a recorded account, offline
  tscan scan --profile audit         read an AWS account and evaluate it
  tscan replay SNAPSHOT              re-evaluate recorded evidence, offline

\b
Exit codes: 0 clean, 1 a finding of --fail-on severity or higher fails, 3 something could not
be read, 2 misuse, unusable content, an interruption or an internal error.""",
    lazy={
        "scan": (
            "scanner.cli.scan:scan",
            "Read the configured accounts, store the evidence, evaluate it.",
        ),
        "plan": ("scanner.cli.plan:plan", "Evaluate Terraform plans: what a change makes worse."),
        "replay": ("scanner.cli.replay:replay", "Re-evaluate recorded evidence, offline."),
        "matrix": ("scanner.cli.matrix:matrix", "Show only the matrix of recorded evidence."),
        "explain": (
            "scanner.cli.explain:explain",
            "Explain a check, control, criterion, parameter, operation or resource.",
        ),
        "findings": ("scanner.cli.findings:findings", "List findings by control, check, verdict…"),
        "params": ("scanner.cli.params:params", "List parameters of checks and their values."),
        "checks": ("scanner.cli.checks:checks", "List, show, write and test checks."),
        "waive": ("scanner.cli.waive:waive", "Write a waiver for a finding, a control or a call."),
        "attest": ("scanner.cli.attest:attest", "Write an attestation for a manual control."),
        "permissions": (
            "scanner.cli.permissions:permissions",
            "Print least-privilege policies and roles for tscan.",
        ),
        "init": (
            "scanner.cli.init:init",
            "Make a signing key and a configuration to fill in.",
        ),
        "history": (
            "scanner.cli.history:history",
            "List, show, anchor and export committed scans.",
        ),
        "verify": (
            "scanner.cli.verify:verify",
            "Verify signatures, digests and anchors of history.",
        ),
        "reperform": (
            "scanner.cli.reperform:reperform",
            "Re-evaluate one finding and show its evidence.",
        ),
        "drift": ("scanner.cli.drift:drift", "Show what changed between two scans."),
        "period": (
            "scanner.cli.period:period",
            "Report controls and deviations of a period or date.",
        ),
        "sample": (
            "scanner.cli.sample:sample",
            "Fix a population and draw a reproducible sample.",
        ),
        "handover": (
            "scanner.cli.handover:handover",
            "Write an archive of history for the auditor.",
        ),
        "demo": (
            "scanner.cli.demo:demo",
            "Evaluate a recorded account: no credentials, no network.",
        ),
    },
)
click.version_option(__version__, prog_name="tscan")(app)
log_options(app)
bind_variables(app, "tscan")


def main() -> None:
    """The console script."""
    # Answers live to the end: looking through them for cycles every 700 objects is a tenth of a
    # scan's CPU (decision 0024: 2.9 s without this, 2.6 s with it).
    gc.set_threshold(50_000, 20, 20)
    keep_standard_streams()
    code = run(sys.argv[1:])
    if _worker_waits():
        # The scan was interrupted or broke off, and a worker still waits for a response, for up to
        # half a minute. The interpreter would wait for the worker.
        _flush()
        os._exit(code)
    sys.exit(code)


def _worker_waits() -> bool:
    # Commands that read nothing have no executor: they need not load one to find that out.
    executors = sys.modules.get("scanner.executors")
    if executors is None:
        return False
    return any(thread.name.startswith(executors.WORKER) for thread in threading.enumerate())


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        # The reader may have left, or there may be no stream at all.
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()


def run(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code.

    Every error is reported here, on standard error. None may exit with 1 or 3: those are verdicts.
    """
    try:
        return _invoke(arguments)
    except BrokenPipeError:
        return _broken_pipe()
    except SystemExit as stopped:
        return _stopped_by_click(stopped)
    except NoArgsIsHelpError as error:
        error.show()
        return EXIT_MISUSE
    except click.ClickException as error:
        from scanner.cli.support.usage_errors import as_tscan_error

        return _report(as_tscan_error(error))
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted: nothing was judged", err=True)
        return EXIT_MISUSE
    except TscanError as error:
        return _report(error)
    except Exception as error:  # noqa: BLE001 - the outermost edge: Python would exit with 1
        return _internal_error(error)


def _report(error: TscanError) -> int:
    from scanner.rendering.sanitize import sanitized

    click.echo("\n".join(sanitized(line) for line in str(error).splitlines()), err=True)
    return EXIT_MISUSE


def _invoke(arguments: Sequence[str]) -> int:
    stdout = sys.stdout
    code = app.main(args=list(arguments), prog_name="tscan", standalone_mode=False)
    # Where the reader has left (`tscan demo | head`), click wraps the stream and returns 1.
    if sys.stdout is not stdout:
        return _broken_pipe()
    if stdout is not None:
        stdout.flush()
    # `--help` and `--version` return None.
    if isinstance(code, int):
        return code
    return EXIT_CLEAN


def _stopped_by_click(stopped: SystemExit) -> int:
    # With 0 after it completed a word for a shell, else because it cannot write to a pipe.
    if stopped.code == EXIT_CLEAN:
        return EXIT_CLEAN
    return _broken_pipe()


def _broken_pipe() -> int:
    # Python flushes standard output at exit, and would complain of the pipe once more.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_MISUSE


def _internal_error(error: Exception) -> int:
    # A full disk is no defect of tscan, and no reason to report one.
    if isinstance(error, OSError) and error.errno in _DISK_FULL:
        click.echo(f"the output cannot be written: {error.strerror}", err=True)
        return EXIT_MISUSE
    if isinstance(error, ModuleNotFoundError) and _is_missing_extra(error):
        return EXIT_MISUSE
    if os.environ.get("TSCAN_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    # Only the type: a message may hold values from the cloud.
    click.echo(
        f"internal error ({type(error).__name__}): this is a defect of tscan, not a verdict",
        err=True,
    )
    click.echo(
        "  hint: TSCAN_DEBUG=1 shows where; please report that to those you have tscan from",
        err=True,
    )
    return EXIT_MISUSE


def _is_missing_extra(error: ModuleNotFoundError) -> bool:
    """Whether a package of an extra is missing; then it is printed how to install it."""
    from scanner.registry import install_hint, missing_extra

    extra = missing_extra(error)
    if extra:
        click.echo(f"this command needs {error.name}, which is not installed", err=True)
        click.echo(f"  hint: {install_hint(extra)}", err=True)
    return extra != ""
