class Meta(type):
    def __new__(m, name, bases, ns, **kw):
        print(name, sorted(k for k in ns if k not in ("__firstlineno__", "__static_attributes__", "__classdictcell__")))
        return super().__new__(m, name, bases, ns)
class A[T](metaclass=Meta):
    def m(self): return super().__repr__()[:9], __class__.__name__
print(A().m()[1])
