//! Values and rules of a contact store: what a contact is and when it is sound. No I/O, no clock, no serialization: every boundary
//! (SQL rows, JSON, WIT, Rhai) has its own conversion file above.

pub mod access;
pub mod calls;
pub mod cells;
pub mod change;
pub mod company;
pub mod contact;
pub mod country;
pub mod custom;
pub mod date;
pub mod draft;
pub mod duplicate;
pub mod email;
pub mod engagement;
pub mod enquiry;
pub mod field;
pub mod id;
pub mod invalid;
pub mod label;
pub mod language;
pub mod merge;
pub mod name;
pub mod note;
pub mod organization;
pub mod permission;
pub mod phone;
pub mod problem;
pub mod reach;
pub mod record;
pub mod row;
pub mod rules;
pub mod silence;
pub mod staff;
pub mod text;
pub mod traces;
mod translated;
pub mod verified;
pub mod warning;

#[cfg(test)]
mod tests;
