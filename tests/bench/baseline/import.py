"""What a script of one's own would do with the benchmark's file: the same checks, one fixed rule for each plugin of the benchmark, and
SQLite. No packages, no plugins, no error file, nothing to take up after a crash.

python3 import.py CONTACTS.csv OUTPUT_FOLDER
"""

import csv
import datetime
import json
import re
import sqlite3
import sys
import time
import unicodedata
import uuid

PHONES = {"Mobile": "mobile", "Work": "work", "WhatsApp": "whatsapp"}
EMAILS = {"Email": "main", "Personal Email": "personal"}
TEXTS = {
    "First name": "first", "Last name": "last", "Company": "company", "Job Title": "title", "Team": "group",
    "Address": "street", "City": "city", "State": "state", "ZipCode": "zip", "LinkedIn": "linkedin",
}
CALLING = {"HK": "852", "GB": "44", "SG": "65", "IT": "39"}
LENGTHS = {"852": (8, 8), "44": (9, 10), "65": (8, 8), "39": (6, 11)}
COUNTRIES = {"hong kong": "HK", "united kingdom": "GB", "singapore": "SG", "italy": "IT", "hk": "HK", "gb": "GB", "sg": "SG", "it": "IT"}
LANGUAGES = {"en", "de", "es", "fr", "it", "zh", "zh-hans", "zh-hant", "ja", "ko", "pt", "nl"}
TYPES = {"": "lead", "lead": "lead", "customer": "customer", "prospect": "prospect", "other": "other"}
LEVELS = {"": "primary", "primary": "primary", "secondary": "secondary", "tertiary": "tertiary"}
PRIVATE = ("gmail.com", "outlook.com", "hotmail.com", "yahoo.com", "icloud.com", "qq.com", "163.com")

NOT_DIGITS = re.compile(r"[\s().\-/]+")
EMAIL = re.compile(r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")
DATE = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})$")
CHIEF = re.compile(r"\b(ceo|cto|cfo|coo|chief|founder|president|managing director)\b", re.I)
BUYER = re.compile(r"\b(procurement|purchasing|buyer)\b", re.I)
WORD = re.compile(r"\w+")


class Refused(Exception):
    """Why a row is not taken."""


def phone(text, country):
    """E.164, or a refusal; a number without a country code belongs to the row's country."""
    digits = NOT_DIGITS.sub("", text)
    whole = digits[1:] if digits.startswith("+") else digits
    if not whole.isascii() or not whole.isdigit():
        raise Refused(f"`{text}` is no phone number")
    if fits(whole):
        return "+" + whole
    national = CALLING[country] + whole.lstrip("0")
    if digits.startswith("+") or not fits(national):
        raise Refused(f"`{text}` is no phone number")
    return "+" + national


def fits(digits):
    """Whether the digits are a number of a country that is known here."""
    return any(
        digits.startswith(code) and shortest <= len(digits) - len(code) <= longest
        for code, (shortest, longest) in LENGTHS.items()
    )


def email(text):
    """The address, or a refusal."""
    if len(text) > 254 or not EMAIL.match(text):
        raise Refused(f"`{text}` is no e-mail address")
    return text


def birth_date(text, today):
    """The date as ISO 8601, or a refusal."""
    found = DATE.match(text)
    if not found:
        raise Refused(f"`{text}` is no date")
    month, day, year = (int(part) for part in found.groups())
    try:
        date = datetime.date(year, month, day)
    except ValueError as error:
        raise Refused(f"`{text}` is no date") from error
    if date > today or year < 1900:
        raise Refused(f"`{text}` cannot be a birth date")
    return date.isoformat()


def chosen(choices, text, what):
    """The value that a word stands for, or a refusal."""
    value = choices.get(text.lower())
    if value is None:
        raise Refused(f"`{text}` is no {what}")
    return value


def words(*texts):
    """Folded words, for finding the contact."""
    folded = unicodedata.normalize("NFKD", " ".join(text for text in texts if text)).lower()
    folded = "".join(c for c in folded if not unicodedata.combining(c))
    return " ".join(dict.fromkeys(WORD.findall(folded)))


def contact_of(row, today):
    """A row as a contact, with the identifiers and words by which it is found."""
    country = chosen(COUNTRIES, row["Country"], "country") if row["Country"] else "HK"
    contact = {name: text for header, name in TEXTS.items() if (text := " ".join(row[header].split()))}
    contact.setdefault("last", "customer")
    contact["country"] = country
    contact["phones"] = [
        {"kind": kind, "e164": phone(row[header], country), "raw": row[header]}
        for header, kind in PHONES.items() if row[header].strip()
    ]
    contact["emails"] = [
        {"kind": kind, "address": email(row[header].strip())} for header, kind in EMAILS.items() if row[header].strip()
    ]
    if row["Birthdate"]:
        contact["born"] = birth_date(row["Birthdate"].strip(), today)
    if row["Language"]:
        if row["Language"].lower() not in LANGUAGES:
            raise Refused(f"`{row['Language']}` is no language")
        contact["language"] = row["Language"].lower()
    contact["kind"] = chosen(TYPES, row["Type"], "type")
    contact["level"] = chosen(LEVELS, row["Level"], "level")
    labels = {label.strip() for label in row["Contact Label"].split(";") if label.strip()}
    title = contact.get("title", "")
    if CHIEF.search(title):
        labels.add("Executive")
    if BUYER.search(title):
        labels.add("Buyer")
    if any(mail["address"].lower().endswith(PRIVATE) for mail in contact["emails"]):
        labels.add("Private address")
    contact["labels"] = sorted(labels)
    contact["opt_out"] = "Do not survey" in labels
    source, _, ident = row["External ID"].partition(":")
    contact["external"] = {"source": source, "id": ident}
    identifiers = [(1, it["e164"][1:]) for it in contact["phones"]]
    identifiers += [(2, it["address"].lower()) for it in contact["emails"]]
    identifiers.append((3, row["External ID"]))
    found_by = words(contact.get("first"), contact["last"], contact.get("company"), *(it["address"] for it in contact["emails"]))
    return contact, identifiers, found_by


def main():
    """Imports the file and tells rows and seconds."""
    source, folder = sys.argv[1], sys.argv[2]
    started, today = time.perf_counter(), datetime.date.today()
    store = sqlite3.connect(f"{folder}/contacts.db")
    store.executescript(
        """PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
        CREATE TABLE contact (no INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, doc TEXT NOT NULL);
        CREATE TABLE identifier (kind INTEGER, value TEXT, contact INTEGER, PRIMARY KEY (kind, value, contact)) WITHOUT ROWID;
        CREATE TABLE label (label TEXT, contact INTEGER, PRIMARY KEY (label, contact)) WITHOUT ROWID;
        CREATE TABLE change (contact INTEGER, rev INTEGER, at INTEGER, fields TEXT, PRIMARY KEY (contact, rev)) WITHOUT ROWID;
        CREATE VIRTUAL TABLE contact_text USING fts5 (words, content = '', detail = none);"""
    )
    rows = failed = 0
    with open(source, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rows += 1
            try:
                contact, identifiers, found_by = contact_of(row, today)
            except Refused:
                failed += 1
                continue
            document = json.dumps(contact, ensure_ascii=False)
            store.execute("INSERT INTO contact VALUES (?, ?, ?)", (rows, uuid.uuid4().bytes, document))
            store.executemany("INSERT OR IGNORE INTO identifier VALUES (?, ?, ?)", [(k, v, rows) for k, v in identifiers])
            store.executemany("INSERT INTO label VALUES (?, ?)", [(label, rows) for label in contact["labels"]])
            store.execute("INSERT INTO change VALUES (?, 1, ?, '[]')", (rows, time.time_ns()))
            store.execute("INSERT INTO contact_text (rowid, words) VALUES (?, ?)", (rows, found_by))
            if rows % 1024 == 0:
                store.commit()
    store.commit()
    print(rows - failed, time.perf_counter() - started)


main()
