def f(x):
    match x:
        case {"k": [1, *rest], **others}: return rest, others
        case (a, b) | [a, b, _]: return a, b
        case int(n) if n > 5: return "big", n
        case str() | bytes(): return "text"
        case None | True: return "const"
        case _: return "other"
for v in ({"k": [1, 2], "z": 3}, (1, 2), [1, 2, 3], 9, 3, "s", b"", None, True): print(f(v))
