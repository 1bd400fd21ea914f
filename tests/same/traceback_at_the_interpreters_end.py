import sys
import traceback
class P:
    def __init__(self):
        try: x = 1 / 0
        except Exception as e: self.exc = e
    def __del__(self): traceback.print_exception(self.exc)
obj = P()
