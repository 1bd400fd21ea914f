import annotationlib, enum

class Color(enum.Enum):
    _ignored: Missing
    RED = 1
print(list(Color))
class Meta(type):
    def __new__(mcls, name, bases, namespace):
        annotate = annotationlib.get_annotate_from_class_namespace(namespace)
        if annotate is not None:
            print(name, annotationlib.call_annotate_function(annotate, annotationlib.Format.STRING))
        return super().__new__(mcls, name, bases, namespace)
class A(metaclass=Meta):
    x: Missing
class B(A): ...
class Annotated(type):
    meta: int
class C(metaclass=Annotated): ...
print(annotationlib.get_annotations(C), Annotated.__annotations__)
