"""Why something stays with CPython: one table, name -> a sentence in the user's words.

``Declined.reason`` and ``Exit.reason`` are names of rows here; ``{detail}`` is what the compiler adds (a name, a type, an
instruction). `sentence` gives the text that ``morrow --explain`` prints.
"""

from __future__ import annotations

REASONS: dict[str, str] = {
    # -- the whole process ----------------------------------------------------------------------------------------------
    "OFF": "the jit is switched off ({detail})",
    "HOST_UNKNOWN": "{detail}",
    "NO_LLVM": "llvmlite is not installed, so nothing can be compiled: pip install morrow[jit]",
    "SHADOWED": "{detail}, and the compiler needs the standard library's",
    "LLVM_BROKEN": "llvmlite could not be loaded: {detail}",
    "SUBINTERPRETER": "this is not the main interpreter; only the main one compiles",
    "TRACED": "a tracer, profiler or monitoring tool is on ({detail}); compiled code rests until it is off",
    "EVAL_FRAME": "another tool evaluates frames itself (PEP 523), so compiled code would bypass it",
    # -- one function ---------------------------------------------------------------------------------------------------
    "NOT_OPTIMIZED": "its local names live in a dictionary (module or class body, or exec)",
    "GENERATOR": "it is a generator or coroutine",
    "TOO_LARGE": "it is too large to compile ({detail})",
    "MEMORY_FULL": "compiled code already takes the {detail} allowed",
    "CODE_CHANGED": "its code was replaced while it was being compiled",
    "ASSUMPTION_CHANGED": "{detail} changed while it was being compiled",
    "OPCODE": "it uses {detail}, which the compiler does not take yet",
    "UNKNOWN_BYTECODE": "its bytecode has {detail}, which this morrow does not know",
    "STACK": "the compiler could not follow its value stack ({detail})",
    "INTERNAL": "the compiler failed on it ({detail}); please report this",
    "KEEPS_LEAVING": "its compiled code had to be left too often ({detail})",
    "NOT_FASTER": "nothing in it would run faster as machine code ({detail})",
    "LEAVES_FIRST": "as a whole it would go back to CPython at line {detail}, before its loops",
    "IDENTITY": "it asks whether numbers are the same object, and compiled code keeps their values only",
    "TOO_DEEP": "its calls of itself go deeper than compiled code can follow on the C stack",
    "NO_GAIN": "measured while it ran: its machine code is not faster ({detail})",
    "CALLS_UNKNOWN": "calls {detail}, whose effects are not known",
    "ARGUMENTS": "it takes *args, **kwargs or keyword-only arguments, which the compiler does not take yet",
    # -- one loop -------------------------------------------------------------------------------------------------------
    "LOOP_HEAD": "the running loop could not be entered ({detail})",
    "LOOP_HANDLER": "an exception inside the loop would find another handler than in CPython",
    "LOOP_SHORT": "its machine code was left again after {detail} on average",
    "NO_GAIN_LOOP": "measured while it ran: the loop's machine code is not faster ({detail})",
    "LOOP_TYPES": "its variables were mostly of other types than when it was compiled ({detail})",
    "LOOP_NOT_REACHED": "the loop went on elsewhere before it could be entered",
}


def sentence(name: str, detail: object = "") -> str:
    """Return the sentence of a reason; a name without a row stands for itself, with the detail."""
    text = REASONS.get(name)
    if text is None:
        return f"{name.lower().replace('_', ' ')}{f' ({detail})' if detail else ''}"
    return text.format(detail=detail).replace(" ()", "")
