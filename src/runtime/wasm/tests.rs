//! Components built from text, and what becomes of them: well-behaved ones in `good` and `whole`, those that fail in `sessions`, and those that
//! cannot be loaded in `refused`. Hostile ones are in `tests/it/hostile`.

mod cache;
mod good;
mod guests;
mod kit;
mod reach;
mod refused;
mod sessions;
mod wasi;
mod wasi_guests;
mod whole;
