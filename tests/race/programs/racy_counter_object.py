# expect: lost-update item 'a'
import threading
from collections import Counter
words = Counter()
def work(text):
    for word in text: words[word] += 1
threads = [threading.Thread(target=work, args=("aab",)) for _ in range(2)]
for t in threads: t.start()
for t in threads: t.join()
