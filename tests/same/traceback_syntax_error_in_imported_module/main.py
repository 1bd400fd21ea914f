import sys
from importlib import import_module
import broken_mod
