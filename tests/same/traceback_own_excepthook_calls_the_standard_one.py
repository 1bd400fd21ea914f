import sys
def hook(t, v, tb):
    print("hook", t, v)
    sys.__excepthook__(t, v, tb)
sys.excepthook = hook
raise ExceptionGroup("a", [ValueError(1), ExceptionGroup("b", [TypeError("x")])])
