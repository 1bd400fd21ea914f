"""``morrow --flame SECONDS PID``: sample a process's stacks and draw where its time goes.

    sample(target, seconds) -> {stack: how often it was seen}
    as_html(stacks) -> one self-contained page

Sampling reads memory only: the process is never stopped and runs at full speed. A stack that was torn while being read
is cut where it stops making sense; with hundreds of samples that is noise.
"""

from __future__ import annotations

import html
import json
import time
from collections import Counter
from collections.abc import Callable

from morrow.attach.errors import AttachError
from morrow.attach.target import Target
from morrow.attach.threads import Reader

Stack = tuple[str, ...]


def sample(
    target: Target,
    seconds: float,
    *,
    rate: int = 100,
    idle: bool = False,
    tell: Callable[[int, float], None] | None = None,
) -> Counter[Stack]:
    """Return how often each stack was seen, outermost call first.

    Args:
        target: the process.
        seconds: for how long.
        rate: samples a second.
        idle: count threads that sleep, too.
        tell: called about twice a second with (samples so far, seconds left).

    Raises:
        AttachError: the process has gone before the first sample.
    """
    reader, stacks = Reader(target), Counter[Stack]()
    began = next_sample = time.monotonic()
    taken, told = 0, 0.0
    while (now := time.monotonic()) < began + seconds:
        try:
            snapshot = reader.read(pause=False)
        except (AttachError, OSError):
            if not target.is_alive():
                break
            continue  # torn right at the start
        taken += 1
        for thread in snapshot.threads:
            if thread.frames and (idle or thread.doing == "running"):
                name = thread.name or f"thread {thread.native_id}"
                stacks[(name, *(str(frame) for frame in reversed(thread.frames)))] += 1
        if tell is not None and now - told > 0.5:
            told = now
            tell(taken, began + seconds - now)
        next_sample += 1 / rate
        delay = next_sample - time.monotonic()
        if delay > 0:
            time.sleep(delay)
        else:
            next_sample = time.monotonic()
    if not taken:
        raise AttachError("attach-gone", target.pid)
    return stacks


def as_html(stacks: Counter[Stack], title: str) -> str:
    """Return a page that draws the stacks: nothing is loaded from anywhere."""
    tree: dict[str, object] = {"name": "all", "value": 0, "children": {}}
    for stack, count in stacks.items():
        tree["value"] += count  # type: ignore[operator]
        node = tree
        for name in stack:
            children: dict[str, dict[str, object]] = node["children"]  # type: ignore[assignment]
            node = children.setdefault(name, {"name": name, "value": 0, "children": {}})
            node["value"] += count  # type: ignore[operator]
    data = json.dumps(_listed(tree)).replace("</", "<\\/")
    return _PAGE.replace("@TITLE@", html.escape(title)).replace("@DATA@", data)


def _listed(node: dict[str, object]) -> list[object]:
    # Deep stacks are deeper than the recursion limit may be: built without recursion.
    root: list[object] = [node["name"], node["value"], []]
    todo = [(node, root)]
    while todo:
        source, made = todo.pop()
        for child in sorted(source["children"].values(), key=lambda one: one["name"]):  # type: ignore[attr-defined]
            entry: list[object] = [child["name"], child["value"], []]
            made[2].append(entry)  # type: ignore[attr-defined]
            todo.append((child, entry))
    return root


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>@TITLE@</title>
<style>
body{font:13px system-ui,sans-serif;margin:1em;background:#fff;color:#222}
#g{position:relative;width:100%} .f{position:absolute;height:17px;overflow:hidden;white-space:nowrap;box-sizing:border-box;
border:1px solid #fff;border-radius:2px;padding:0 3px;cursor:pointer;font-size:12px;line-height:15px}
.f:hover{filter:brightness(.9)} #i{height:1.4em} .m{outline:2px solid #06c}
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}.f{color:#111;border-color:#181818}}
</style></head><body><h1 style="font-size:1.2em">@TITLE@</h1>
<p>Width is time. Click a call to look at it alone, the top row to come back. <label>Find: <input id="q"></label></p>
<div id="i"></div><div id="g"></div>
<script>
const root=@DATA@;let top_=root;
const g=document.getElementById('g'),info=document.getElementById('i'),q=document.getElementById('q');
function colour(s){let h=0;for(const c of s)h=(h*31+c.charCodeAt(0))>>>0;return `hsl(${10+h%45},${65+h%20}%,${62+h%12}%)`}
function draw(){g.textContent='';let deepest=0;const find=q.value.toLowerCase();
 const todo=[[top_,0,0,100]];
 while(todo.length){const [n,d,x,w]=todo.pop();if(w<.05)continue;deepest=Math.max(deepest,d);
  const e=document.createElement('div');e.className='f'+(find&&n[0].toLowerCase().includes(find)?' m':'');
  e.style.cssText=`left:${x}%;width:${w}%;top:${d*18}px;background:${colour(n[0])}`;e.textContent=n[0];
  const share=(100*n[1]/Math.max(1,root[1])).toFixed(1);e.title=`${n[0]}: ${n[1]} samples, ${share}%`;
  e.onmouseover=()=>info.textContent=e.title;e.onclick=()=>{top_=(n===top_)?root:n;draw()};g.append(e);
  let at=x;for(const c of n[2]){const cw=w*c[1]/Math.max(1,n[1]);todo.push([c,d+1,at,cw]);at+=cw}}
 g.style.height=(deepest+1)*18+'px'}
q.oninput=draw;draw();
</script></body></html>
"""
