-- How the columns of a kind of file are mapped, under a name; `doc` is JSON.
CREATE TABLE import_mapping (
    name TEXT NOT NULL,
    folded TEXT NOT NULL PRIMARY KEY,
    doc TEXT NOT NULL,
    person TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The contacts that an import created, as ranges of their numbers: one for each transaction, within which nobody else creates any.
CREATE TABLE job_created (
    job INTEGER NOT NULL REFERENCES job (id),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (job, first)
) STRICT, WITHOUT ROWID;

-- `batch` keeps the contacts that an import updated as they were.
ALTER TABLE job ADD COLUMN batch INTEGER REFERENCES batch (id);
ALTER TABLE job ADD COLUMN undone_at INTEGER;
-- What of a job is neither a count nor an option, as JSON: where its plugins' breakers stand, what their calls came to.
ALTER TABLE job ADD COLUMN progress TEXT NOT NULL DEFAULT '';
