try:
    {}["x"]
except KeyError as error:
    raise SystemExit("cannot go on") from error
