from annotationlib import annotations_to_string, type_repr
import datetime, typing

class Local: ...
for value in (int, Local, list[int], None, ..., 3, "text", len, [].append, datetime.date.today, typing.Any, 1.5):
    print(type_repr(value))
print(annotations_to_string({"a": int, "b": "kept", "c": list[str]}))
