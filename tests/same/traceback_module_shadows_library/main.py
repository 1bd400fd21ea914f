"""A module with a library's name: the traceback says what to rename."""

import traceback


def report(source):
    try:
        exec(source, {})
    except Exception as error:
        # No marks: the text has no file.
        traceback.print_exception(error.with_traceback(None))


report("import random; random.choice")
report("import random; random.shuffl")
report("from random import choice")
report("import plain; plain.choice")
report("from plain import choice")
report("import one")
report("import two")
report("import random; raise AttributeError('module is not for this', name='choice', obj=random)")

import random

random.choice
