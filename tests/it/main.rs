//! The one integration binary. Tests here run the real program on real files; what can be tested beside the code is tested there.

/// Homes, files and runs of the program.
mod support;

/// Rules of the code base itself: floors, file heads, lengths.
mod tidy;

/// The main job: a messy file through plugins into the store, and back again.
mod import;

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
