def load(path):
    return json.loads(open(path).read())
load("x")
