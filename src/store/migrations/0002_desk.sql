-- The contact desk: what stands beside contacts, filters over them, and what can be taken back.
-- Existing contacts get their facets by the hook of this step.

-- When the contact was last changed; null while it is as it was created.
ALTER TABLE contact ADD COLUMN updated INTEGER;
CREATE INDEX contact_updated ON contact (updated) WHERE updated IS NOT NULL;

-- `gone` may also be 3: forgotten. The row then holds nothing but the id.

-- What filters ask for. `facet`: 1 organization, 2 owner, 3 shared with, 4 division, 5 country, 6 level unless primary,
-- 7 opted out of surveys, 8 custom field (key, U+001F, folded value). Names are in their comparison form.
CREATE TABLE contact_facet (
    facet INTEGER NOT NULL,
    value TEXT NOT NULL,
    contact INTEGER NOT NULL,
    PRIMARY KEY (facet, value, contact)
) STRICT, WITHOUT ROWID;

-- The words of the full-text index in their order, so that a beginning is turned into the few words that have it.
CREATE VIRTUAL TABLE contact_term USING fts5vocab (contact_text, 'instance');

CREATE TABLE organization (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    rev INTEGER NOT NULL,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    division TEXT,
    doc TEXT NOT NULL
) STRICT;

CREATE TABLE staff (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    rev INTEGER NOT NULL,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    email TEXT UNIQUE,
    doc TEXT NOT NULL
) STRICT;

CREATE TABLE division (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL
) STRICT;

-- Every version of the schema of custom fields, whole; the newest is in force. `entity`: contact or organization.
CREATE TABLE custom_schema (
    entity TEXT NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    person TEXT NOT NULL,
    fields TEXT NOT NULL,
    PRIMARY KEY (entity, version)
) STRICT, WITHOUT ROWID;

-- What was done to anything but a contact. `record`: its number, or key.
CREATE TABLE record_change (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    record TEXT NOT NULL,
    at INTEGER NOT NULL,
    person TEXT NOT NULL,
    action TEXT NOT NULL,
    fields TEXT NOT NULL
) STRICT;
CREATE INDEX record_change_record ON record_change (kind, record, id);

-- Notes, engagements, visits and consent stay with the contact for which they were written; a merge is read through
-- `merged_into`, so that taking it back needs no list of them.
CREATE TABLE note (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    contact INTEGER,
    organization INTEGER,
    at INTEGER NOT NULL,
    person TEXT NOT NULL,
    edited_at INTEGER,
    edited_by TEXT,
    text TEXT NOT NULL,
    CHECK ((contact IS NULL) <> (organization IS NULL))
) STRICT;
CREATE INDEX note_contact ON note (contact, id) WHERE contact IS NOT NULL;
CREATE INDEX note_organization ON note (organization, id) WHERE organization IS NOT NULL;
-- Whoever deletes a note, be it because a person is to be forgotten, takes its texts out of the log, too.
CREATE TRIGGER note_texts AFTER DELETE ON note BEGIN
    UPDATE record_change SET fields = '[]' WHERE kind = 'note' AND record = CAST(old.id AS TEXT);
END;

CREATE TABLE engagement (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    contact INTEGER NOT NULL,
    at INTEGER NOT NULL,
    doc TEXT NOT NULL
) STRICT;
CREATE INDEX engagement_contact ON engagement (contact, id);

CREATE TABLE visit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    contact INTEGER,
    enquiry INTEGER,
    at INTEGER NOT NULL,
    url TEXT NOT NULL,
    title TEXT
) STRICT;
CREATE INDEX visit_contact ON visit (contact, id) WHERE contact IS NOT NULL;
CREATE INDEX visit_enquiry ON visit (enquiry, id) WHERE enquiry IS NOT NULL;

-- Who set a contact's survey opt-out, when and from where. `plugin`: plugin_version.id.
CREATE TABLE consent (
    contact INTEGER NOT NULL,
    at INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    opt_out INTEGER NOT NULL,
    job INTEGER,
    person TEXT,
    plugin INTEGER,
    via TEXT,
    PRIMARY KEY (contact, rev)
) STRICT, WITHOUT ROWID;

-- Of a forgotten person nothing stays but keyed digests of what identified them. `secret` is the key.
CREATE TABLE tombstone (
    digest BLOB PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE secret (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE saved_filter (
    key TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    person TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a bulk write replaced, for taking it back. `doc` is null where the write created the contact; `gone` as it was before.
CREATE TABLE batch (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    what TEXT NOT NULL,
    person TEXT NOT NULL,
    at INTEGER NOT NULL,
    contacts INTEGER NOT NULL DEFAULT 0,
    undone_at INTEGER
) STRICT;
CREATE TABLE batch_contact (
    batch INTEGER NOT NULL REFERENCES batch (id),
    contact INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    doc TEXT,
    PRIMARY KEY (batch, contact)
) STRICT, WITHOUT ROWID;

-- `result_doc`: what the merge made, so that what was changed since is known when it is taken back.
ALTER TABLE merge ADD COLUMN result_doc TEXT;
ALTER TABLE merge ADD COLUMN undone_at INTEGER;

-- What was said or written, beside the document: lists of enquiries tell its size and never read it.
ALTER TABLE enquiry ADD COLUMN transcript TEXT;
CREATE INDEX enquiry_status ON enquiry (status);
