"""CPython 3.14's own tests of annotations pass here: of the methods that pass on 3.14 and concern annotations, 98 %."""

from __future__ import annotations

import dataclasses
import re

import pytest

from tests.stdlib.harness import run_module, skips
from tests.stdlib.test_cpython_own import check, is_314, needs_314

WHOLE = ("test.test_annotationlib", "test.test_type_annotations")
# Of the others, what is about annotations. The rest tests parts of the library that are the host's.
CONCERNS = {
    "test.test_typing": r"hints|[fF]orward|deferred|stringi|pep563|future|(?<!c)annot|GetTypeHints|EvaluateForwardRef",
    "test.test_dataclasses": r"(?<!c)annot|forward|hints|InitAnnotate|no_types|Annotations",
    "test.test_functools": r"(?<!c)annot|forward|hints|TestWraps|TestUpdateWrapper|registr",
    "test.test_inspect.test_inspect": r"(?<!c)annot|deferred|forward|Formatannotation",
}


@needs_314
@is_314
@pytest.mark.slow
@pytest.mark.parametrize("module", WHOLE)
def test_module_about_annotations_passes(module):
    check(run_module(module), 0.98)


@needs_314
@is_314
@pytest.mark.long
@pytest.mark.parametrize("module", sorted(CONCERNS))
def test_methods_about_annotations_pass(module):
    counts = run_module(module)
    concerns = re.compile(CONCERNS[module])
    counts = dataclasses.replace(
        counts,
        passed=tuple(filter(concerns.search, counts.passed)),
        failed={name: said for name, said in counts.failed.items() if concerns.search(name)},
    )
    check(counts, 0.98)


def test_every_skip_gives_a_reason():
    for version in ("3.11", "3.12", "3.13"):
        for module in (*WHOLE, *CONCERNS):
            for method, reason in skips(module, version).items():
                assert "." in method and len(reason) > 20, (module, method, reason)
