//! Components built from text, and what becomes of them: well-behaved ones in `good`, hostile ones in `hostile`, and those that cannot be
//! loaded in `refused`.

mod good;
mod hostile;
mod kit;
mod refused;
