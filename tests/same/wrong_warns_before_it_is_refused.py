x = "\d"
y = 1 is 1
def f():
    try: pass
    finally: return
return
