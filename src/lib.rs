#![doc = include_str!("README.md")]

pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod intake;
pub mod plugin;
pub mod registry;
pub mod runtime;
pub mod store;
