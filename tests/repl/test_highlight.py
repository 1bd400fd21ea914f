"""Highlighting: pieces of finished, unfinished and wrong input."""

import random

import pytest

from morrow.repl.highlight import scan, scan_line


def pieces(line, state=()):
    return [(piece.kind, line[piece.start : piece.end]) for piece in scan_line(line, state)[0]]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("def f(x):", "keyword:def definition:f op:( name:x op:) op::"),
        ("print(None)", "builtin:print op:( keyword:None op:)"),
        ("x.print", "name:x op:. name:print"),
        ("0x1F + 1_0.5e-3j", "number:0x1F op:+ number:1_0.5e-3j"),
        ("a # b", "name:a comment:# b"),
        ("match x:", "soft_keyword:match name:x op::"),
        ("match(x)", "name:match op:( name:x op:)"),
        ("match = 1", "name:match op:= number:1"),
        ("match (x):", "soft_keyword:match op:( name:x op:) op::"),
        ("case _:", "soft_keyword:case soft_keyword:_ op::"),
        ("type X = int", "soft_keyword:type name:X op:= builtin:int"),
        ("type(x)", "builtin:type op:( name:x op:)"),
        ("f'{x}'", "string:f' op:{ name:x op:} string:'"),
        ("t'a{x!r:>{w}}b'", "string:t' string:a op:{ name:x op:! name:r op:: string:> op:{ name:w op:} op:} string:b'"),
        ("f'{d[\"k\"]}'", "string:f' op:{ name:d op:[ string:\" string:k\" op:] op:} string:'"),
        ("f'{{}}'", "string:f' string:{{}}'"),
        ("'abc", "string:' string:abc"),
        ("$x", "error:$ name:x"),
        ("rb'\\n'", "string:rb' string:\\n'"),
    ],
)
def test_pieces_of_a_line(line, expected):
    got = [f"{kind}:{text}" for kind, text in pieces(line)]
    wanted = expected.replace("comment:# b", "comment:#_b").split(" ")
    assert got == [part.replace("#_b", "# b") for part in wanted]


def test_a_triple_quoted_string_goes_on_in_the_next_line():
    _, state = scan_line("x = '''abc", ())
    assert state
    assert pieces("def", state) == [("string", "def")]
    found, state = scan_line("end''' + 1", state)
    assert not state
    assert [piece.kind for piece in found] == ["string", "op", "number"]


def test_an_unfinished_string_ends_with_its_line():
    assert scan_line("x = 'abc", ())[1] == ()


def test_a_backslash_carries_a_string_over():
    _, state = scan_line("x = 'abc\\", ())
    assert pieces("def'", state) == [("string", "def'")]


def test_code_in_a_multi_line_field_is_code():
    lines = scan('f"""{\nlen(x)\n}"""')
    assert [piece.kind for piece in lines[1]] == ["builtin", "op", "name", "op"]


def test_any_text_can_be_scanned():
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    source = random.Random(seed)
    alphabet = "ab1 .'\"{}()[]:!=\\#ftr\n\té…\0"
    for _ in range(2000):
        text = "".join(source.choice(alphabet) for _ in range(source.randrange(60)))
        for line, found in zip(text.split("\n"), scan(text), strict=True):
            assert all(0 <= a.start < a.end <= b.start for a, b in zip(found, found[1:], strict=False))
            assert all(piece.end <= len(line) for piece in found)
