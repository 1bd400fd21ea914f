import traceback, sys
def group(n):
    errs = []
    for i in range(n):
        try: raise ValueError(i) if i % 2 else KeyError(f"k{i}\nnext")
        except Exception as e:
            e.add_note(f"note {i}")
            errs.append(e)
    return errs
try:
    try:
        raise ExceptionGroup("inner", group(3))
    except* ValueError as eg:
        raise RuntimeError("mid") from eg
except Exception as e:
    x = e
try:
    raise ExceptionGroup("wide", group(17) + [x])
except ExceptionGroup as e:
    traceback.print_exception(e, file=sys.stdout)
    print(traceback.format_exception_only(e, show_group=True))
def deep(n):
    if n == 0: raise OSError(2, "No", "f")
    try: deep(n - 1)
    except Exception as e: raise ExceptionGroup(f"d{n}", [e, TypeError()])
deep(12)
