class Odd(Exception):
    def __str__(self): return "two\nlines"
error = Odd()
error.add_note("first\n  second")
error.add_note("")
raise error
