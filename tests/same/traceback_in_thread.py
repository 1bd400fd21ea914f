import sys, threading
def work(n):
    return [1 / (n - i) for i in range(3)]
seen = []
def hook(args):
    seen.append(args)
threading.excepthook = hook
thread = threading.Thread(target=work, args=(2,), name="worker")
thread.start(); thread.join()
threading.excepthook = threading.__excepthook__
args = seen[0]
args.exc_value.__traceback__ = args.exc_traceback.tb_next.tb_next
threading.excepthook(threading.ExceptHookArgs((args.exc_type, args.exc_value, None, args.thread)))
