"""Facts: every host answers every question, and what it says is true of the running one."""

import sys

import pytest

from morrow.host import HERE, NoFacts, facts

KNOWN = [((3, minor), free) for minor in range(11, 16) for free in (False, True) if not (free and minor not in (13, 14))]


@pytest.mark.parametrize(("version", "free_threaded"), KNOWN)
def test_every_known_host_answers_for_itself(version, free_threaded):
    known = facts(version, free_threaded)
    assert (known.version, known.free_threaded) == (version, free_threaded)


def test_an_unknown_host_is_named():
    with pytest.raises(NoFacts, match=r"no facts for Python 3\.99t: expected morrow\.host\.cp399t") as caught:
        facts((3, 99), free_threaded=True)
    assert caught.value.version == (3, 99)


def test_facts_are_frozen():
    with pytest.raises(AttributeError, match="frozen"):
        facts((3, 11)).own_gil = True


def test_a_question_without_an_answer_is_an_error():
    with pytest.raises(TypeError, match="no_such_question"):
        facts((3, 11)).but(no_such_question=1)


def _takes(source: str) -> bool:
    try:
        compile(source, "<probe>", "exec")
    except SyntaxError:
        return False
    return True


@pytest.mark.skipif(HERE is None, reason="the running host has no facts")
@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("parses_type_parameters", "def f[T](): pass"),
        ("parses_type_defaults", "def f[T = int](): pass"),
        ("parses_nested_fstrings", "f'{'a'}'"),
        ("parses_except_lists", "try: pass\nexcept A, B: pass"),
        ("parses_template_strings", "t''"),
    ],
)
def test_grammar_facts_are_true_here(question, source):
    assert getattr(HERE, question) == _takes(source)


@pytest.mark.skipif(HERE is None, reason="the running host has no facts")
def test_abilities_are_true_here():
    assert HERE.has_monitoring == hasattr(sys, "monitoring")
    assert HERE.has_remote_exec == hasattr(sys, "remote_exec")
    assert __import__(HERE.interpreters_module)
