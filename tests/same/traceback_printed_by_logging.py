import logging, sys
logging.basicConfig(format="%(levelname)s: %(message)s", stream=sys.stdout)
def share(total, people):
    return (total
            / len(people))
try:
    share(10, [])
except ZeroDivisionError:
    logging.exception("no people")
logging.info("not shown")
