x = 1
y = '''text
that never ends
