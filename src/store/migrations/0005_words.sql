-- From how many deleted contacts in a hundred on a part of the index is written anew. With ten, which is the default, taking a big import
-- back writes all of the index ten times over; a search may now pass over as many words of deleted contacts as it finds of others.
INSERT INTO contact_text (contact_text, rank) VALUES ('deletemerge', 50);
