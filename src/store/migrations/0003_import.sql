-- How the columns of a kind of file are mapped, under a name; `doc` is JSON.
CREATE TABLE import_mapping (
    name TEXT NOT NULL,
    folded TEXT NOT NULL PRIMARY KEY,
    doc TEXT NOT NULL,
    person TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The contacts that an import created and that were not taken back yet, as ranges of their numbers: one for each transaction, within which
-- nobody else creates any.
CREATE TABLE job_created (
    job INTEGER NOT NULL REFERENCES job (id),
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (job, first)
) STRICT, WITHOUT ROWID;

-- Those that were left as they are when the import was taken back, because somebody had touched them.
CREATE TABLE job_left (
    job INTEGER NOT NULL REFERENCES job (id),
    contact INTEGER NOT NULL,
    PRIMARY KEY (job, contact)
) STRICT, WITHOUT ROWID;

-- `batch` keeps the contacts that an import updated as they were. `worked`: nanoseconds of work, up to the moment `counted`.
-- `undo_began`, `undone_by`, `undone_at`: taking it back; `undone_at` is set when nothing is left of it that could be.
ALTER TABLE job ADD COLUMN batch INTEGER REFERENCES batch (id);
ALTER TABLE job ADD COLUMN worked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN counted INTEGER;
ALTER TABLE job ADD COLUMN undo_began INTEGER;
ALTER TABLE job ADD COLUMN undone_by TEXT;
ALTER TABLE job ADD COLUMN undone_at INTEGER;
ALTER TABLE job ADD COLUMN undone_deleted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN undone_restored INTEGER NOT NULL DEFAULT 0;
-- What of a job is neither a count nor an option, as JSON: where its plugins' breakers stand, what their calls came to.
ALTER TABLE job ADD COLUMN progress TEXT NOT NULL DEFAULT '';

-- The revision that a contact had before its batch wrote it first; none in batches of before this column.
ALTER TABLE batch_contact ADD COLUMN seen INTEGER;

-- Changes that were taken back: those of a contact after one revision, up to another, come to nothing.
CREATE TABLE taken_back (
    contact INTEGER NOT NULL,
    after INTEGER NOT NULL,
    upto INTEGER NOT NULL,
    PRIMARY KEY (contact, upto)
) STRICT, WITHOUT ROWID;
