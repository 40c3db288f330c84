//! The versions of tools that plugins are built with: those that were tried. New packages ask for them, and so do the messages that say
//! how to install what is missing.

/// Bindings of Rust plugins.
pub const WIT_BINDGEN: &str = "0.61";

/// The npm package `@bytecodealliance/componentize-js`.
pub const COMPONENTIZE_JS: &str = "0.23.0";

/// The PyPI package `componentize-py`.
pub const COMPONENTIZE_PY: &str = "0.25.1";

/// The PyPI package `ziglang`, a C compiler where there is no clang.
pub const ZIGLANG: &str = "0.17.1";
