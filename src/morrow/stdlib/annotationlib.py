"""Door: `annotationlib`, as in CPython 3.14. On hosts that have it, the host's own."""

from morrow.host import HERE

if HERE is not None and HERE.defers_annotations:
    from annotationlib import (
        Format,
        ForwardRef,
        annotations_to_string,
        call_annotate_function,
        call_evaluate_function,
        get_annotate_from_class_namespace,
        get_annotations,
        type_repr,
    )
else:
    from morrow_runtime.evaluate import call_annotate_function, call_evaluate_function
    from morrow_runtime.formats import Format, annotations_to_string, type_repr
    from morrow_runtime.forwardref import ForwardRef
    from morrow_runtime.read import get_annotate_from_class_namespace, get_annotations

__all__ = [
    "Format",
    "ForwardRef",
    "call_annotate_function",
    "call_evaluate_function",
    "get_annotate_from_class_namespace",
    "get_annotations",
    "annotations_to_string",
    "type_repr",
]
