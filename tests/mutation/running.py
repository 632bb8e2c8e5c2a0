"""Runs tests over mutants: in forked children of one process that has collected the tests.

A mutant of a function replaces its code in place, and meets the tests that called the function,
the quickest first. A mutant of anything else, and one that no such test noticed, is tried again
where the module is imported from the changed source.
"""

from __future__ import annotations

import ast
import gc
import importlib.abc
import importlib.machinery
import os
import pickle
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase, settings

from tests.mutation.operators import Mutant, mutants_of

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 600
"""Seconds of computing of the tests without a mutant."""
MEMORY = 6 << 30
Key = tuple[str, str]
"""A file, and the name of a function in it."""


@dataclass(slots=True)
class Baseline:
    """What the tests do without a mutant: seconds of computing, and the functions called."""

    seconds: dict[str, float] = field(default_factory=dict)
    calls: dict[str, set[Key]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One mutant: where, what, and whether a test failed."""

    path: str
    mutant: Mutant
    noticed: bool

    @property
    def label(self) -> str:
        return f"{self.path}:{self.mutant.line} {self.mutant.says}"


def run_mutants(
    paths: Sequence[str],
    tests: Sequence[str],
    report: Callable[[Outcome], None],
    *,
    quick: bool = False,
) -> None:
    """Try every mutant of some modules on some test files; quick: no function a second time."""
    session = _Session(paths, tests, report, quick=quick)
    code = pytest.main(_arguments(tests), plugins=[session])
    if session.error or code != 0:
        raise SystemExit(session.error or f"the tests do not run: pytest ended with {code}")


def _arguments(tests: Sequence[str]) -> list[str]:
    return ["-s", "-W", "ignore", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]


def _quick_properties() -> None:
    """Properties look for a failure and do not shrink it; each run draws the same examples."""
    settings.register_profile(
        "mutants", phases=(Phase.explicit, Phase.generate), database=None, derandomize=True
    )
    settings.load_profile("mutants")


class _Session:
    """A plugin of pytest that tries mutants where tests would run."""

    def __init__(
        self,
        paths: Sequence[str],
        tests: Sequence[str],
        report: Callable[[Outcome], None],
        *,
        quick: bool,
    ) -> None:
        _quick_properties()
        self.error = ""
        self._paths = paths
        self._tests = tests
        self._quick = quick
        self._report = report
        self._items: dict[str, pytest.Item] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._items = {item.nodeid: item for item in session.items}
        baseline = _in_child(self._measure)
        if not isinstance(baseline, Baseline) or baseline.failed:
            self.error = f"the tests fail without a mutant: {getattr(baseline, 'failed', baseline)}"
            return True
        for path in self._paths:
            self._try_module(path, baseline)
        return True

    def _measure(self) -> Baseline:
        """Run all tests, and note which functions each calls."""
        baseline = Baseline()
        files = {str(ROOT / path) for path in self._paths}
        calls: set[Key] = set()
        sys.settrace(_recorder(files, calls))
        began = time.process_time()
        for item, failed in _failing(self._items.values()):
            baseline.seconds[item.nodeid] = time.process_time() - began
            baseline.calls[item.nodeid] = set(calls)
            if failed:
                baseline.failed.append(item.nodeid)
            calls.clear()
            began = time.process_time()
        sys.settrace(None)
        return baseline

    def _try_module(self, path: str, baseline: Baseline) -> None:
        module = _module_of(path)
        functions = _functions(module)
        file = str(ROOT / path)
        text = (ROOT / path).read_text(encoding="utf-8")
        quickest = sorted(baseline.seconds, key=lambda name: baseline.seconds[name])
        if _is_noticed_anew(module.__name__, ast.parse(text), self._tests, baseline.seconds):
            raise SystemExit(f"{path}: the tests fail over the module as it is, imported anew")
        before = compile(ast.parse(text), file, "exec", dont_inherit=True)
        for mutant in mutants_of(text):
            code = compile(mutant.tree, file, "exec", dont_inherit=True)
            changed = _changed_functions(functions, before, code)
            noticed = False
            if changed:
                called = {_outermost(name) for name in changed}
                names = [
                    name
                    for name in quickest
                    if any((file, one) in baseline.calls[name] for one in called)
                ]
                noticed = self._is_noticed_in_place(names, baseline.seconds, functions, changed)
            if not noticed and not (changed and self._quick):
                noticed = _is_noticed_anew(
                    module.__name__, mutant.tree, self._tests, baseline.seconds
                )
            self._report(Outcome(path, mutant, noticed))

    def _is_noticed_in_place(
        self,
        names: Sequence[str],
        seconds: dict[str, float],
        functions: dict[str, list[FunctionType]],
        changed: dict[str, CodeType],
    ) -> bool:
        def run() -> bool:
            for name, code in changed.items():
                for function in functions[name]:
                    function.__code__ = code
            _clear_caches()
            return any(failed for _, failed in _failing(self._items[name] for name in names))

        return _in_child(run, _limit_of(seconds[name] for name in names)) is not False


def _recorder(files: set[str], calls: set[Key]) -> Callable[[FrameType, str, Any], None]:
    def record(frame: FrameType, event: str, _: Any) -> None:
        # Gives nothing: calls are traced, and no lines.
        if event == "call" and frame.f_code.co_filename in files:
            calls.add((frame.f_code.co_filename, _outermost(frame.f_code.co_qualname)))

    return record


def _outermost(qualified: str) -> str:
    return qualified.partition(".<locals>")[0]


def _failing(items: Iterable[pytest.Item]) -> Iterator[tuple[pytest.Item, bool]]:
    """Run tests one after the other, and say of each whether it fails; a skipped one does not."""
    ordered = list(items)
    for item, following in zip_longest(ordered, ordered[1:]):
        reports = runtestprotocol(item, log=False, nextitem=following)
        yield item, any(report.failed for report in reports)


def _module_of(path: str) -> ModuleType:
    name = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    return importlib.import_module(name)


def _functions(module: ModuleType) -> dict[str, list[FunctionType]]:
    """The functions of a module, by qualified name."""
    found: dict[str, list[FunctionType]] = defaultdict(list)
    file = module.__file__
    for function in gc.get_objects():
        if type(function) is FunctionType and function.__code__.co_filename == file:
            found[function.__code__.co_qualname].append(function)
    return found


def _changed_functions(
    functions: dict[str, list[FunctionType]], before: CodeType, after: CodeType
) -> dict[str, CodeType]:
    """The functions whose code differs; none where one cannot be replaced in place."""
    olds, news = dict(_code_of_functions(before)), dict(_code_of_functions(after))
    changed: dict[str, CodeType] = {}
    for name, existing in functions.items():
        codes = {function.__code__ for function in existing}
        if len(codes) != 1 or name not in news or olds[name] == news[name]:
            continue
        if codes.pop().co_freevars != news[name].co_freevars:
            return {}
        changed[name] = news[name]
    return changed


def _code_of_functions(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant.co_qualname, constant
            yield from _code_of_functions(constant)


def _clear_caches() -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("scanner"):
            for value in list(vars(module).values()):
                clear = getattr(value, "cache_clear", None)
                if callable(clear):
                    clear()


class _QuickestFirst:
    """A plugin of pytest that orders tests by their seconds."""

    def __init__(self, seconds: dict[str, float]) -> None:
        self._seconds = seconds

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items.sort(key=lambda item: self._seconds.get(item.nodeid, 0.0))


def _is_noticed_anew(
    name: str, tree: ast.Module, tests: Sequence[str], seconds: dict[str, float]
) -> bool:
    """Whether a test fails where the module, and all that import it, are imported again."""

    def run() -> bool:
        for loaded in _modules_to_forget():
            del sys.modules[loaded]
        sys.meta_path.insert(0, _Finder(name, tree))
        return pytest.main(["-x", *_arguments(tests)], plugins=[_QuickestFirst(seconds)]) != 0

    return _in_child(run, _limit_of(seconds.values())) is not False


def _modules_to_forget() -> list[str]:
    """The modules of the project and of its tests, but for the mutator."""
    # By where they are: pytest imports `tests/matching/test_filters.py` by the name
    # `matching.test_filters`, and one that stays would go on testing the module as it was.
    ours = tuple(f"{ROOT / folder}/" for folder in ("scanner", "tests"))
    files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
    return [
        name
        for name, file in files.items()
        if (name == "tests" or (file or "").startswith(ours))
        and not name.startswith("tests.mutation")
    ]


class _Finder(importlib.abc.MetaPathFinder):
    """Imports one module from a changed tree."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        self._name = name
        self._tree = tree

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self._name:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        assert spec is not None
        assert spec.origin is not None
        spec.loader = _Loader(name, spec.origin, self._tree)
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, tree: ast.Module) -> None:
        super().__init__(name, path)
        self._tree = tree

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._tree, self.get_filename(fullname), "exec", dont_inherit=True)


def _limit_of(tests: Iterable[float]) -> int:
    """Seconds for tests that take so many without a mutant; a search that does not end is cut."""
    return 5 + int(3 * sum(tests))


def _in_child(run: Callable[[], Any], seconds: int = LONGEST) -> Any:
    """What a function returns in a forked child; None where the child was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _limit(seconds)
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(run(), pipe)
            pipe.flush()
            # No handler of the parent's at exit, and no output of its buffers.
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        written = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(written) if written else None


def _limit(seconds: int) -> None:
    """Bound the child's computing and memory, and keep it silent."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    gc.disable()
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
