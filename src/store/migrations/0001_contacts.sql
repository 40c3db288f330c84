-- The first schema. Never edited once shipped: a change is a new file.
--
-- A contact is one document; the narrow tables beside it hold what is searched. They have no foreign keys: the
-- writer fills them in the same transaction, and a look-up a row would cost a fifth of the speed of an import.

PRAGMA application_id = 1129467476;

-- `gone`: 0 live, 1 deleted, 2 merged into another. Times everywhere: nanoseconds since 1970, UTC.
CREATE TABLE contact (
    no INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    rev INTEGER NOT NULL,
    gone INTEGER NOT NULL DEFAULT 0,
    merged_into INTEGER REFERENCES contact (no),
    kind TEXT NOT NULL,
    doc TEXT NOT NULL
) STRICT;
CREATE INDEX contact_live ON contact (kind) WHERE gone = 0;
CREATE INDEX contact_merged ON contact (merged_into) WHERE merged_into IS NOT NULL;

-- `volume`: the contact's number / 16384, so that an import writes into the pages of the last volume alone.
-- `kind`: 1 phone (E.164 without `+`), 2 e-mail (lower case), 3 external id (source, U+001F, id), 4 WhatsApp,
-- 5 digits of a phone without E.164.
CREATE TABLE identifier (
    volume INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    value TEXT NOT NULL,
    contact INTEGER NOT NULL,
    PRIMARY KEY (volume, kind, value, contact)
) STRICT, WITHOUT ROWID;

CREATE TABLE label (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    colour TEXT NOT NULL
) STRICT;

CREATE TABLE contact_label (
    label INTEGER NOT NULL,
    contact INTEGER NOT NULL,
    PRIMARY KEY (label, contact)
) STRICT, WITHOUT ROWID;

-- The words come folded and cut, so the plainest tokenizer does; without positions the index is a third as large.
CREATE VIRTUAL TABLE contact_text USING fts5 (
    words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);
INSERT INTO contact_text (contact_text, rank) VALUES ('automerge', 16);
INSERT INTO contact_text (contact_text, rank) VALUES ('crisismerge', 32);

CREATE TABLE plugin_version (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    hash TEXT NOT NULL,
    UNIQUE (name, version, hash)
) STRICT;

-- `job` is null when a person wrote. `fields`: JSON, [[field, old, new, plugin_version.id], ...], the tail cut at nulls.
CREATE TABLE change (
    contact INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    at INTEGER NOT NULL,
    job INTEGER,
    person TEXT,
    action TEXT NOT NULL,
    fields TEXT NOT NULL,
    PRIMARY KEY (contact, rev)
) STRICT, WITHOUT ROWID;

-- What a merge destroyed, for taking it back.
CREATE TABLE merge (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    master INTEGER NOT NULL REFERENCES contact (no),
    master_rev INTEGER NOT NULL,
    master_doc TEXT NOT NULL,
    other INTEGER NOT NULL REFERENCES contact (no),
    other_rev INTEGER NOT NULL,
    other_doc TEXT NOT NULL,
    enquiries TEXT NOT NULL
) STRICT;
CREATE INDEX merge_master ON merge (master);
CREATE INDEX merge_other ON merge (other);

CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    file TEXT NOT NULL,
    file_hash TEXT NOT NULL,
    state TEXT NOT NULL,
    settings TEXT NOT NULL,
    generation INTEGER NOT NULL,
    read INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL DEFAULT 0,
    updated INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    blank INTEGER NOT NULL DEFAULT 0,
    committed_record INTEGER NOT NULL DEFAULT 0,
    started INTEGER NOT NULL,
    finished INTEGER,
    plugins TEXT NOT NULL DEFAULT '[]',
    error_file TEXT
) STRICT;
CREATE INDEX job_hash ON job (file_hash);

CREATE TABLE job_failure (
    job INTEGER NOT NULL REFERENCES job (id),
    record INTEGER NOT NULL,
    line INTEGER NOT NULL,
    cells TEXT NOT NULL,
    problems TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (job, record)
) STRICT, WITHOUT ROWID;

-- `survey_at`: when an enquiry was opened that closed with a survey; null otherwise.
CREATE TABLE enquiry (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    contact INTEGER REFERENCES contact (no),
    status TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    survey_at INTEGER,
    doc TEXT NOT NULL
) STRICT;
CREATE INDEX enquiry_contact ON enquiry (contact);

CREATE TABLE plugin_state (
    plugin TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (plugin, key)
) STRICT, WITHOUT ROWID;
