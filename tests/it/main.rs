//! The one integration binary. Tests here run the real program on real files; what can be tested beside the code is tested there.

/// Homes, files and runs of the program.
mod support;

/// Rules of the code base itself: floors, file heads, lengths.
mod tidy;

/// The main job: a messy file through plugins into the store, and back again.
mod import;

/// Workbooks: XLSX and ODS.
mod sheets;

/// Rows that meet contacts of the store, and each other.
mod matching;

/// Files, settings and homes that cannot be used, each with its error and status.
mod bad_input;

/// Contacts, merges, enquiries and labels on the command line.
mod desk;

/// Searching, filtering and saved filters.
mod finding;

/// A job killed in the middle.
mod crash;

/// The packages that ship with Carnet: sources and components agree, cases pass.
mod packages;

/// Scripts that mean harm.
mod hostile_script;

/// Plugins added, changed and removed while a command runs.
mod reload;

/// A contact from its first day to its last: conflicts, deleting, restoring.
mod life_cycle;

/// Custom fields: the schema, what it asks of contacts, imports and plugins.
mod custom_fields;
/// Organizations, staff members and divisions on the command line.
mod records;
/// Values as the world has them, typed and imported.
mod values;

/// Enquiries, the agent's view, calls and text messages, visited pages.
mod enquiries;
/// Exports, and their way back in.
mod exporting;
/// Merges by choice, merges taken back, and duplicates.
mod merging;
/// Labels as things of their own, and notes.
mod notes_labels;
/// Consent, the change log, and people who are forgotten.
mod privacy;

/// Bulk writes, and taking them back.
mod bulk;

/// Who may see and do what, by the three ways of access.
mod access;

/// What answers must not tell by the way.
mod leaks;

/// What the desk refuses, and how it says so.
mod desk_refusals;

/// The documents that asked for Carnet, worked through step by step.
mod documents;
