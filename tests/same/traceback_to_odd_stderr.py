import sys
class W:
    def write(self, s): sys.stdout.write("W:" + s)
sys.stderr = W(); 1/0
