"""Tables of results, as aligned text and as Markdown."""


def text_table(header, rows):
    """Columns aligned by two spaces; the last one is left ragged."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = []
    for row in [header, ["-" * width for width in widths], *rows]:
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    return "\n".join(lines)


def markdown_table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    for row in rows:
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
    return "\n".join(lines)


def write_markdown(target, title, notes, header, rows):
    """Writes a Markdown page to the file `target` ('-' is standard output)."""
    page = "\n\n".join([f"# {title}", *notes, markdown_table(header, rows)]) + "\n"
    if target == "-":
        print(page, end="")
        return
    with open(target, "w", encoding="utf-8") as out:
        out.write(page)


def closing_line(outcomes):
    """'N passed, N failed, N skipped' from outcome words: broken counts as failed, known as neither."""
    passed = outcomes.count("pass")
    skipped = outcomes.count("skip")
    failed = len(outcomes) - passed - skipped - outcomes.count("known")
    return f"{passed} passed, {failed} failed, {skipped} skipped"
