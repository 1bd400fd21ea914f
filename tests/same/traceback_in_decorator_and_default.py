def register(name, *, order=1):
    def wrap(function):
        return table[name](function)
    return wrap
table = {}
@register("first",
          order=2)
def handler(a, b=[]):
    pass
