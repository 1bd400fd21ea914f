try:
    from string.templatelib import Tempate
except ImportError as error:
    print(error.name)
from does_not_exist.deeper import x
