//! Rights, claims, conflicts and life cycles of contacts, through the library.
