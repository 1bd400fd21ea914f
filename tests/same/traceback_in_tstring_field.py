user = {"name": "x"}
greeting = t"hello {user["nope"]}"
