//! The one integration binary. Tests here run the real program on real files; what can be tested beside the code is tested there.

/// Homes, files and runs of the program.
mod support;

/// Rules of the code base itself: floors, file heads, lengths.
mod tidy;
mod turns;

/// The main job: a messy file through plugins into the store, and back again.
mod import;

/// What columns mean: aliases, saved mappings, exports of other programs.
mod mapping;

/// Workbooks: XLSX and ODS.
mod sheets;
mod silence;
mod simulate;

/// Rows that meet contacts of the store, and each other.
mod matching;

/// Inputs that an import must survive, each with its outcome.
mod cases;

/// What the README shows of imports.
mod readme;

/// Dry runs: what they show, and that it is what the import does.
mod dry_run;

/// Files, settings and homes that cannot be used, each with its error and status.
mod bad_input;

/// Contacts, merges, enquiries and labels on the command line.
mod desk;

/// Searching, filtering and saved filters.
mod finding;

/// A job killed at any point, and its end.
mod crash;

/// Import jobs: stopped, resumed, piped, two at once, listed.
mod jobs;

/// An import taken back.
mod undo;

/// The packages that ship with Carnet: sources and components agree, cases pass.
mod packages;

/// The author's loop: test, run, bench, dev.
mod author;

/// Starting plugins and building them, as an author does.
mod authoring;
/// Packages looked at from all sides, sound and broken.
mod checks;
/// Plugins of both engines that mean harm, in one table.
mod hostile;

/// Bytes that nobody would write, at every door of a package.
mod fuzz;

/// What plugins remember, in both engines.
mod overtaken;
mod remembering;

/// What plugins ask for and are granted, secrets, and signatures.
mod grants;

/// Plugins added, changed and removed while a command runs.
mod reload;

/// Reload under fire: hundreds of changes while imports and enquiries run.
#[cfg(unix)]
mod fire;

/// Last good versions across processes, and folders full of what no package is.
mod shelf;

/// A contact from its first day to its last: conflicts, deleting, restoring.
mod life_cycle;

/// Cells of every kind, each with what an import makes of it.
mod cells;
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

/// What plugins did and what became of them.
mod seeing;

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

/// Plugins under load: as if rows came one after the other, whatever fails on the way.
mod plugins_under_load;

/// The reference of scripts on the command line, and what its guide shows.
mod script_functions;
