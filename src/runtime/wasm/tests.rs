//! Components built from text, and what becomes of them: well-behaved ones in `good` and `whole`, hostile ones in `hostile`, and those that cannot be
//! loaded in `refused`.

mod cache;
mod good;
mod hostile;
mod kit;
mod reach;
mod refused;
mod wasi;
mod whole;
