def page(title, rows):
    return f"""
    <h1>{title.upper()}</h1>
    {"".join(f"<td>{cell:{width}}</td>"
             for cell, width in rows)}
    """
page("t", [("a", 3), (3, "z")])
