for e in (ValueError, TypeError, KeyError):
    try:
        raise e("x")
    except ValueError, TypeError:
        print("first", e.__name__)
    except KeyError:
        print("second", e.__name__)
