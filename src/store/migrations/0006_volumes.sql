-- How many transactions changed the identifiers of a volume that was full already, so that whoever keeps in memory what a volume holds knows
-- when that is no longer so. Volumes without a row: none; volume -1: how many there were altogether. The last volume, in which contacts are
-- created, is not counted: an import writes there all the time, and nobody keeps it.
CREATE TABLE volume_change (
    volume INTEGER PRIMARY KEY,
    times INTEGER NOT NULL
) STRICT;
