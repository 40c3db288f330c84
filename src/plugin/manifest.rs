//! The text of `plugin.toml`.
