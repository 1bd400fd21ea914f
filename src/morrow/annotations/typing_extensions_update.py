"""typing_extensions as on 3.14, where its readers of annotations are the standard library's."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def update(typing_extensions: Any) -> None:
    """Bring an installed *typing_extensions*, of whatever version, up to date."""
    from morrow.annotations import typing_update
    from morrow_runtime import formats, read

    for name, value in (
        ("Format", formats.Format),
        ("get_annotations", read.get_annotations),
        ("type_repr", formats.type_repr),
        ("evaluate_forward_ref", typing_update.evaluate_forward_ref),
        ("get_type_hints", typing_update.get_type_hints),
    ):
        if hasattr(typing_extensions, name):
            setattr(typing_extensions, name, value)
