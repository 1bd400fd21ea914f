r"""The mistakes the parser of 3.14 has words for, in the notation of `peg`.

Looked at in the second pass only, when it is known that the program is wrong. ``p.at(x, text)`` raises at x,
``p.between(x, y, text)`` from x to y, ``p.since(x, text)`` from x to where the tokenizer is, ``p.here(text)`` at the last
token read, ``p.on_next(text)`` at the next one, ``p.indentation(text)`` an IndentationError. Wordings and ranges: found by
experiment with CPython 3.14 and in its test_syntax, test_exceptions, test_fstring and test_tstring.
"""

MISTAKES = r"""
invalid_arguments:
    a=unpacked_then b=',' ','.(starred_expression !'=')+     => {p.since(b, "iterable argument unpacking follows keyword argument unpacking")}
    a=expression b=for_if_clauses ',' [args | expression for_if_clauses]   => {p.between(a, b[-1], "Generator expression must be parenthesized")}
    a=NAME b='=' expression for_if_clauses                   => {p.between(a, b, "invalid syntax. Maybe you meant '==' or ':=' instead of '='?")}
    a=args b=for_if_clauses                                  => {p.bare_generator(a, b)}
    args ',' a=expression b=for_if_clauses                   => {p.between(a, b[-1], "Generator expression must be parenthesized")}
    a=args ',' args                                          => {p.here("positional argument follows keyword argument unpacking" if p.unpacks(a) else "positional argument follows keyword argument")}
unpacked_then:
    ','.positional+ ',' kwargs
    kwargs
invalid_kwarg:
    a=('True' | 'False' | 'None') b='='                      => {p.between(a, b, "cannot assign to " + a.string)}
    a=NAME b='=' expression for_if_clauses                   => {p.between(a, b, "invalid syntax. Maybe you meant '==' or ':=' instead of '='?")}
    a=NAME b='=' &(',' | ')')                                => {p.between(a, b, "expected argument value expression")}
    !(NAME '=') a=expression b='='                           => {p.between(a, b, 'expression cannot contain assignment, perhaps you meant "=="?')}
    a='**' expression '=' b=expression                       => {p.between(a, b, "cannot assign to keyword argument unpacking")}

expression_without_invalid (plain):
    disjunction 'if' disjunction 'else' expression           => IfExp
    disjunction
    lambdef
invalid_legacy_expression:
    a=NAME !'(' b=star_expressions                           => {p.legacy(a, b)}
invalid_type_param:
    '*' NAME a=':' b=expression                              => {p.since(a, "cannot use constraints with TypeVarTuple" if b.kind == "Tuple" else "cannot use bound with TypeVarTuple")}
    '**' NAME a=':' b=expression                             => {p.since(a, "cannot use constraints with ParamSpec" if b.kind == "Tuple" else "cannot use bound with ParamSpec")}
invalid_expression:
    STRING a=(!STRING expression_without_invalid)+ STRING    => {p.between(a[0], a[-1], "invalid syntax. Is this intended to be part of the string?")}
    !(NAME STRING | "_|case|match|type") a=disjunction b=expression_without_invalid   => {p.forgotten_comma(a, b)}
    a=disjunction 'if' b=disjunction !('else' | ':')         => {p.between(a, b, "expected 'else' after 'if' expression")}
    a=disjunction 'if' b=disjunction 'else' !expression      => {p.on_next("expected expression after 'else', but statement is given")}
    a=(pass_stmt | break_stmt | continue_stmt) 'if' b=disjunction 'else' c=simple_stmt   => {p.at(a, "expected expression before 'if', but statement is given")}
    a='lambda' lambda_params? b=':' &FSTRING_MIDDLE          => {p.between(a, b, "f-string: lambda expressions are not allowed without parentheses")}
    a='lambda' lambda_params? b=':' &TSTRING_MIDDLE          => {p.between(a, b, "t-string: lambda expressions are not allowed without parentheses")}
invalid_named_expression (memo):
    a=expression ':=' expression                             => {p.at(a, "cannot use assignment expressions with " + name_of(a))}
    a=NAME '=' b=bitwise_or !('=' | ':=')                    => {p.between(a, b, "invalid syntax. Maybe you meant '==' or ':=' instead of '='?")}
    !(list | tuple | genexp | 'True' | 'None' | 'False') a=bitwise_or b='=' bitwise_or !('=' | ':=')   => {p.at(a, f"cannot assign to {name_of(a)} here. Maybe you meant '==' instead of '='?")}

invalid_assignment:
    a=invalid_ann_assign_target ':' expression               => {p.at(a, f"only single target (not {name_of(a)}) can be annotated")}
    a=star_named_expression ',' star_named_expressions* ':' expression   => {p.at(a, "only single target (not tuple) can be annotated")}
    a=expression ':' expression                              => {p.at(a, "illegal target for annotation")}
    (star_targets '=')* a=star_expressions '='               => {p.bad_target(a, "star")}
    (star_targets '=')* a=yield_expr '='                     => {p.at(a, "assignment to yield expression not possible")}
    a=star_expressions augassign annotated_rhs               => {p.at(a, f"'{name_of(a)}' is an illegal expression for augmented assignment")}
invalid_ann_assign_target:
    list
    tuple
    '(' a=invalid_ann_assign_target ')'                      => {a}
invalid_del_stmt:
    'del' a=star_expressions                                 => {p.bad_target(a, "del")}
invalid_block:
    NEWLINE !INDENT                                          => {p.indentation("expected an indented block")}
invalid_comprehension:
    ('[' | '(' | '{') a=starred_expression for_if_clauses    => {p.at(a, "iterable unpacking cannot be used in comprehension")}
    ('[' | '{') a=star_named_expression ',' b=star_named_expressions for_if_clauses   => {p.between(a, b[-1], "did you forget parentheses around the comprehension target?")}
    ('[' | '{') a=star_named_expression b=',' for_if_clauses   => {p.between(a, b, "did you forget parentheses around the comprehension target?")}
invalid_dict_comprehension:
    '{' a='**' bitwise_or for_if_clauses '}'                 => {p.at(a, "dict unpacking cannot be used in dict comprehension")}

invalid_parameters:
    a='/' ','                                                => {p.at(a, "at least one argument must precede /")}
    (slash_no_default | slash_with_default) param_maybe_default* a='/'   => {p.at(a, "/ may appear only once")}
    slash_no_default? param_no_default* invalid_parameters_helper a=param_no_default   => {p.at(a, "parameter without a default follows parameter with a default")}
    param_no_default* a='(' param_no_default+ ','? b=')'     => {p.between(a, b, "Function parameters cannot be parenthesized")}
    (slash_no_default | slash_with_default)? param_maybe_default* '*' (',' | param_no_default) param_maybe_default* a='/'   => {p.at(a, "/ must be ahead of *")}
    param_maybe_default+ '/' a='*'                           => {p.at(a, "expected comma between / and *")}
invalid_parameters_helper:
    slash_with_default
    param_with_default+
invalid_default:
    a='=' &(')' | ',')                                       => {p.at(a, "expected default value expression")}
invalid_star_etc:
    a='*' (')' | ',' (')' | '**'))                           => {p.at(a, "named arguments must follow bare *")}
    '*' param a='='                                          => {p.at(a, "var-positional argument cannot have default value")}
    '*' (param_no_default | ',') param_maybe_default* a='*' (param_no_default | ',')   => {p.at(a, "* argument may appear only once")}
invalid_kwds:
    '**' param a='='                                         => {p.at(a, "var-keyword argument cannot have default value")}
    '**' param ',' a=param                                   => {p.at(a, "arguments cannot follow var-keyword argument")}
    '**' param ',' a=('*' | '**' | '/')                      => {p.at(a, "arguments cannot follow var-keyword argument")}
invalid_lambda_parameters:
    a='/' ','                                                => {p.at(a, "at least one argument must precede /")}
    (lambda_slash_no_default | lambda_slash_with_default) lambda_param_maybe_default* a='/'   => {p.at(a, "/ may appear only once")}
    lambda_slash_no_default? lambda_param_no_default* invalid_lambda_parameters_helper a=lambda_param_no_default   => {p.at(a, "parameter without a default follows parameter with a default")}
    lambda_param_no_default* a='(' ','.lambda_param+ ','? b=')'   => {p.between(a, b, "Lambda expression parameters cannot be parenthesized")}
    (lambda_slash_no_default | lambda_slash_with_default)? lambda_param_maybe_default* '*' (',' | lambda_param_no_default) lambda_param_maybe_default* a='/'   => {p.at(a, "/ must be ahead of *")}
    lambda_param_maybe_default+ '/' a='*'                    => {p.at(a, "expected comma between / and *")}
invalid_lambda_parameters_helper:
    lambda_slash_with_default
    lambda_param_with_default+
invalid_lambda_star_etc:
    '*' (':' | ',' (':' | '**'))                             => {p.here("named arguments must follow bare *")}
    '*' lambda_param a='='                                   => {p.at(a, "var-positional argument cannot have default value")}
    '*' (lambda_param_no_default | ',') lambda_param_maybe_default* a='*' (lambda_param_no_default | ',')   => {p.at(a, "* argument may appear only once")}
invalid_lambda_kwds:
    '**' lambda_param a='='                                  => {p.at(a, "var-keyword argument cannot have default value")}
    '**' lambda_param ',' a=lambda_param                     => {p.at(a, "arguments cannot follow var-keyword argument")}
    '**' lambda_param ',' a=('*' | '**' | '/')               => {p.at(a, "arguments cannot follow var-keyword argument")}

invalid_with_item:
    expression 'as' a=expression &(',' | ')' | ':')          => {p.bad_target(a, "star")}
invalid_for_if_clause:
    'async'? 'for' (bitwise_or (',' bitwise_or)* ','?) !'in'   => {p.on_next("'in' expected after for-loop variables")}
invalid_for_target:
    'async'? 'for' a=star_expressions                        => {p.bad_target(a, "for")}
invalid_group:
    '(' a=starred_expression ')'                             => {p.at(a, "cannot use starred expression here")}
    '(' a='**' expression ')'                                => {p.at(a, "cannot use double starred expression here")}
invalid_import:
    a='import' ','.dotted_name+ 'from' dotted_name           => {p.since(a, "Did you mean to use 'from ... import ...' instead?")}
    'import' a=NEWLINE                                       => {p.since(a, "Expected one or more names after 'import'")}
invalid_dotted_as_name:
    dotted_name 'as' !(NAME (',' | ')' | ';' | NEWLINE)) a=expression   => {p.at(a, f"cannot use {name_of(a)} as import target")}
invalid_import_from_as_name:
    NAME 'as' !(NAME (',' | ')' | ';' | NEWLINE)) a=expression   => {p.at(a, f"cannot use {name_of(a)} as import target")}
invalid_import_from_targets:
    import_from_as_names ',' NEWLINE                         => {p.here("trailing comma not allowed without surrounding parentheses")}
    a=NEWLINE                                                => {p.since(a, "Expected one or more names after 'import'")}
invalid_with_stmt:
    'async'? 'with' ','.(expression ['as' star_target])+ NEWLINE   => {p.here("expected ':'")}
    'async'? 'with' '(' ','.(expressions ['as' star_target])+ ','? ')' NEWLINE   => {p.here("expected ':'")}
invalid_with_stmt_indent:
    'async'? a='with' ','.(expression ['as' star_target])+ ':' NEWLINE !INDENT   => {p.indentation(f"expected an indented block after 'with' statement on line {a.lineno}")}
    'async'? a='with' '(' ','.(expressions ['as' star_target])+ ','? ')' ':' NEWLINE !INDENT   => {p.indentation(f"expected an indented block after 'with' statement on line {a.lineno}")}
invalid_try_stmt:
    a='try' ':' NEWLINE !INDENT                              => {p.indentation(f"expected an indented block after 'try' statement on line {a.lineno}")}
    'try' ':' block !('except' | 'finally')                  => {p.here("expected 'except' or 'finally' block")}
    'try' ':' block* except_block+ a='except' b='*' expression ['as' NAME] ':'   => {p.between(a, b, "cannot have both 'except' and 'except*' on the same 'try'")}
    'try' ':' block* except_star_block+ a='except' [expression ['as' NAME]] ':'   => {p.at(a, "cannot have both 'except' and 'except*' on the same 'try'")}
invalid_except_stmt:
    'except' a=expression ',' expressions 'as' NAME ':'      => {p.since(a, "multiple exception types must be parenthesized when using 'as'")}
    a='except' expression ['as' NAME] NEWLINE                => {p.here("expected ':'")}
    a='except' NEWLINE                                       => {p.here("expected ':'")}
    'except' expression 'as' a=expression ':' block          => {p.at(a, "cannot use except statement with " + name_of(a))}
invalid_except_star_stmt:
    'except' '*' a=expression ',' expressions 'as' NAME ':'  => {p.since(a, "multiple exception types must be parenthesized when using 'as'")}
    a='except' '*' expression ['as' NAME] NEWLINE            => {p.here("expected ':'")}
    'except' '*' (NEWLINE | ':')                             => {p.here("expected one or more exception types")}
    'except' '*' expression 'as' a=expression ':' block      => {p.at(a, "cannot use except* statement with " + name_of(a))}
invalid_finally_stmt:
    a='finally' ':' NEWLINE !INDENT                          => {p.indentation(f"expected an indented block after 'finally' statement on line {a.lineno}")}
invalid_except_stmt_indent:
    a='except' expression ['as' NAME] ':' NEWLINE !INDENT    => {p.indentation(f"expected an indented block after 'except' statement on line {a.lineno}")}
    a='except' ':' NEWLINE !INDENT                           => {p.indentation(f"expected an indented block after 'except' statement on line {a.lineno}")}
invalid_except_star_stmt_indent:
    a='except' '*' expression ['as' NAME] ':' NEWLINE !INDENT   => {p.indentation(f"expected an indented block after 'except*' statement on line {a.lineno}")}
invalid_match_stmt:
    "match" subject_expr NEWLINE                             => {p.here("expected ':'")}
    a="match" subject_expr ':' NEWLINE !INDENT               => {p.indentation(f"expected an indented block after 'match' statement on line {a.lineno}")}
invalid_case_block:
    "case" patterns guard? NEWLINE                           => {p.here("expected ':'")}
    a="case" patterns guard? ':' NEWLINE !INDENT             => {p.indentation(f"expected an indented block after 'case' statement on line {a.lineno}")}
invalid_as_pattern:
    or_pattern 'as' a="_"                                    => {p.at(a, "cannot use '_' as a target")}
    or_pattern 'as' a=expression                             => {p.at(a, f"cannot use {name_of(a)} as pattern target")}
invalid_class_pattern:
    name_or_attr '(' a=invalid_class_argument_pattern        => {p.between(a[0], a[-1], "positional patterns follow keyword patterns")}
invalid_class_argument_pattern:
    [positional_patterns ','] keyword_patterns ',' a=positional_patterns   => {a}
invalid_if_stmt:
    'if' named_expression NEWLINE                            => {p.here("expected ':'")}
    a='if' named_expression ':' NEWLINE !INDENT              => {p.indentation(f"expected an indented block after 'if' statement on line {a.lineno}")}
invalid_elif_stmt:
    'elif' named_expression NEWLINE                          => {p.here("expected ':'")}
    a='elif' named_expression ':' NEWLINE !INDENT            => {p.indentation(f"expected an indented block after 'elif' statement on line {a.lineno}")}
invalid_else_stmt:
    a='else' ':' NEWLINE !INDENT                             => {p.indentation(f"expected an indented block after 'else' statement on line {a.lineno}")}
    'else' ':' block a='elif'                                => {p.at(a, "'elif' block follows an 'else' block")}
invalid_while_stmt:
    'while' named_expression NEWLINE                         => {p.here("expected ':'")}
    a='while' named_expression ':' NEWLINE !INDENT           => {p.indentation(f"expected an indented block after 'while' statement on line {a.lineno}")}
invalid_for_stmt:
    'async'? 'for' star_targets 'in' star_expressions NEWLINE   => {p.here("expected ':'")}
    'async'? a='for' star_targets 'in' star_expressions ':' NEWLINE !INDENT   => {p.indentation(f"expected an indented block after 'for' statement on line {a.lineno}")}
invalid_def_raw:
    'async'? a='def' NAME type_params? '(' params? ')' ['->' expression] ':' NEWLINE !INDENT   => {p.indentation(f"expected an indented block after function definition on line {a.lineno}")}
    'async'? 'def' NAME type_params? &&'(' params? ')' ['->' expression] &&':' block
invalid_class_def_raw:
    'class' NAME type_params? ['(' arguments? ')'] NEWLINE   => {p.here("expected ':'")}
    a='class' NAME type_params? ['(' arguments? ')'] ':' NEWLINE !INDENT   => {p.indentation(f"expected an indented block after class definition on line {a.lineno}")}

invalid_double_starred_kvpairs:
    ','.double_starred_kvpair+ ',' invalid_kvpair
    expression ':' a='*' bitwise_or                          => {p.since(a, "cannot use a starred expression in a dictionary value")}
    expression a=':' &('}' | ',')                            => {p.at(a, "expression expected after dictionary key and ':'")}
invalid_kvpair:
    a=expression !(':')                                      => {p.after_key(a)}
    expression ':' a='*' bitwise_or                          => {p.since(a, "cannot use a starred expression in a dictionary value")}
    expression a=':' &('}' | ',')                            => {p.at(a, "expression expected after dictionary key and ':'")}
invalid_starred_expression_unpacking:
    a='*' expression '=' b=expression                        => {p.between(a, b, "cannot assign to iterable argument unpacking")}
invalid_comparison:
    a='<' b='>'                                              => {p.old_inequality(a, b)}
invalid_starred_expression:
    '*'                                                      => {p.here("Invalid star expression")}

invalid_string_tstring_concat:
    a=(fstring | string)+ b=tstring                          => {p.between(a[0], b, "cannot mix t-string literals with string or bytes literals")}
    a=tstring+ b=(fstring | string)                          => {p.between(a[0], b, "cannot mix t-string literals with string or bytes literals")}
invalid_arithmetic:
    sum ('+' | '-' | '*' | '/' | '%' | '//' | '@') a='not' b=inversion   => {p.between(a, b, "'not' after an operator must be parenthesized")}
invalid_factor:
    ('+' | '-' | '~') a='not' b=factor                       => {p.between(a, b, "'not' after an operator must be parenthesized")}
invalid_type_params:
    '[' a=']'                                                => {p.since(a, "Type parameter list cannot be empty")}
"""

_FIELD_MISTAKES = r"""
invalid_fstring_replacement_field:
    '{' a=('=' | '!' | ':' | '}')                            => {p.at(a, f"f-string: valid expression required before '{a.kind}'")}
    '{' !annotated_rhs                                       => {p.on_next("f-string: expecting a valid expression after '{'")}
    '{' annotated_rhs !('=' | '!' | ':' | '}')               => {p.on_next("f-string: expecting '=', or '!', or ':', or '}'")}
    '{' annotated_rhs '=' !('!' | ':' | '}')                 => {p.on_next("f-string: expecting '!', or ':', or '}'")}
    '{' annotated_rhs '='? invalid_fstring_conversion
    '{' annotated_rhs '='? ['!' NAME] !(':' | '}')           => {p.on_next("f-string: expecting ':' or '}'")}
    '{' annotated_rhs '='? ['!' NAME] ':' fstring_format_spec* !'}'   => {p.on_next("f-string: expecting '}', or format specs")}
    '{' annotated_rhs '='? ['!' NAME] !'}'                   => {p.on_next("f-string: expecting '}'")}
invalid_fstring_conversion:
    '!' &(':' | '}')                                         => {p.on_next("f-string: missing conversion character")}
    '!' !NAME                                                => {p.on_next("f-string: invalid conversion character")}
"""

FIELD_MISTAKES = _FIELD_MISTAKES + (
    # CPython looks for the format specs of an f-string here, which a t-string never has.
    _FIELD_MISTAKES.replace("fstring", "tstring").replace("f-string", "t-string").replace("tstring_format_spec*", "fstring_format_spec*")
)
"""Mistakes in the braces of an f-string, and the same in those of a t-string."""
