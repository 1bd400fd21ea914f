def f(n):
    print("call", n)
    return n
t = t"{f(1)} {f(2):{f(3)}}"
print(t.values, t.interpolations[1].format_spec)
