//! Inputs that an import must survive, each with its outcome.

/// Sheer size, faults and haste.
mod scale;
