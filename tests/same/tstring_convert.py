from string.templatelib import convert
print(convert("é", "a"), convert("é", "r"), convert(1, "s"), convert(None, None))
try:
    convert(1, "z")
except ValueError as e:
    print(e)
