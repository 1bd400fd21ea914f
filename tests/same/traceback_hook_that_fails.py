import sys
def hook(kind, error, tb):
    return 1 / len(error.args)
sys.excepthook = hook
raise ValueError
