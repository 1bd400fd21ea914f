try:
    assert (
        1 == 2
    )
except AssertionError as error:
    raise SystemExit("no") if not error.__traceback__ else ValueError("bad") from error
