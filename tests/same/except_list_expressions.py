class A(Exception): pass
class B(Exception): pass
kinds = {"b": B}
def get(): return OSError
try:
    raise B("b")
except A, kinds["b"], get():
    print("caught")
