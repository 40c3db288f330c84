-- What the calls of plugins came to, as sums by version, hook and mode. Peaks and times in nanoseconds and bytes; `steps` is the histogram of
-- times, JSON: calls by powers of two.
CREATE TABLE plugin_calls (
    version INTEGER NOT NULL REFERENCES plugin_version (id),
    hook TEXT NOT NULL,
    mode TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    edits INTEGER NOT NULL,
    rejections INTEGER NOT NULL,
    skips INTEGER NOT NULL,
    faults INTEGER NOT NULL,
    nanos INTEGER NOT NULL,
    longest INTEGER NOT NULL,
    memory INTEGER NOT NULL,
    steps TEXT NOT NULL,
    PRIMARY KEY (version, hook, mode)
) STRICT, WITHOUT ROWID;

-- Faults by code, and what observed calls would have done by field and reason. `kind`: fault, set, reject, skip.
CREATE TABLE plugin_deed (
    version INTEGER NOT NULL REFERENCES plugin_version (id),
    hook TEXT NOT NULL,
    kind TEXT NOT NULL,
    what TEXT NOT NULL,
    times INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (version, hook, kind, what)
) STRICT, WITHOUT ROWID;

-- The last lines of plugins' logs, samples of observed calls, and the last fault: whatever may hold a person's data, so all of it goes when
-- anybody is forgotten. `kind`: debug, info, warn, error, sample, fault. `place`: where in the plugin's source.
CREATE TABLE plugin_line (
    id INTEGER PRIMARY KEY,
    version INTEGER NOT NULL REFERENCES plugin_version (id),
    at INTEGER NOT NULL,
    hook TEXT NOT NULL,
    kind TEXT NOT NULL,
    place TEXT,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX plugin_line_version ON plugin_line (version, kind);

-- How a version stands on its terms, across processes. `terms`: a hash of content, grants and configuration. `calls`: the last 50, one bit
-- each, set when it failed.
CREATE TABLE plugin_standing (
    plugin TEXT NOT NULL,
    terms TEXT NOT NULL,
    version INTEGER NOT NULL REFERENCES plugin_version (id),
    calls INTEGER NOT NULL DEFAULT 0,
    tripped_at INTEGER,
    tripped_why TEXT,
    until INTEGER NOT NULL,
    PRIMARY KEY (plugin, terms)
) STRICT, WITHOUT ROWID;

-- How each plugin was seen last: what the next process compares with, so that each change is written once. `state`: serving, off, refused,
-- waiting, gone.
CREATE TABLE plugin_seen (
    plugin TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    mode TEXT NOT NULL,
    version INTEGER REFERENCES plugin_version (id),
    terms TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What came into service, was replaced, refused, tripped, reset, switched. `person` is null for what was found in the folders or settings.
CREATE TABLE plugin_history (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    plugin TEXT NOT NULL,
    version INTEGER REFERENCES plugin_version (id),
    what TEXT NOT NULL,
    detail TEXT NOT NULL,
    person TEXT
) STRICT;
CREATE INDEX plugin_history_plugin ON plugin_history (plugin, id);
