value = "é"
t = t"{value=} {value = !a} {value=:>5} {value!s}"
print(t.strings)
print([(i.conversion, i.format_spec, i.expression) for i in t.interpolations])
