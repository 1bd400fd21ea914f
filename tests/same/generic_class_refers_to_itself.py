class Node[T]:
    def children(self): return Node, Node[T]
    Self = None
print(Node().children())
N = Node
Node = "gone"
print(N().children()) if False else print(N.__name__)
