import sys, traceback
def outer(): return [inner(n) for n in (1, 0)]
def inner(n):
    return 1 / (
        n)
try:
    outer()
except ZeroDivisionError as error:
    summary = traceback.extract_tb(error.__traceback__)
    for frame in summary:
        print(frame, list(frame), frame.lineno, frame.end_lineno, frame.colno, frame.end_colno, len(frame))
    shown = traceback.TracebackException.from_exception(error, capture_locals=False)
    print(shown.exc_type_str, str(shown), shown.stack == summary, shown.exceptions)
    print("".join(shown.format_exception_only()))
    traceback.print_exc(limit=-1, file=sys.stdout)
    traceback.print_tb(error.__traceback__, limit=1, file=sys.stdout)
    print(traceback.format_list([("a.py", 3, "f", "x = 1"), summary[0]]))
    print(traceback.format_exception(error, limit=0))
def where(): traceback.print_stack(file=sys.stdout)
[where() for _ in (1,)]
