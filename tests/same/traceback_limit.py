import sys
sys.tracebacklimit = 2
def a(): b()
def b(): c()
def c():
    try: d()
    except Exception as e: raise KeyError from None
def d(): raise ValueError
a()
