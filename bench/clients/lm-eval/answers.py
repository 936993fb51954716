import re


def contains(doc, results):
    """Whether the answer has the word that is asked for, as a word of its own."""
    word = re.escape(doc["answer"])
    return {"contains": float(re.search(rf"(?<![\w-]){word}(?![\w-])", results[0] or "", re.IGNORECASE) is not None)}
