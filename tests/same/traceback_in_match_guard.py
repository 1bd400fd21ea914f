def kind(value):
    match value:
        case {"type": str(t), "size": n} if n / 0 > 1:
            return t
        case _:
            return None
kind({"type": "a", "size": 1})
