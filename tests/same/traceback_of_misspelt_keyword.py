import os
for i n range(3):
    pass
