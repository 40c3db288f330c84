//! The rule by JSON: three values come in, two go out.

use extism_pdk::{FnResult, Json, plugin_fn};
use serde::{Deserialize, Serialize};

/// What is read of the contact.
#[derive(Deserialize)]
pub struct Read {
    first_name: Option<String>,
    last_name: Option<String>,
    mobile: Option<String>,
}

/// What is set.
#[derive(Serialize, Default)]
pub struct Set {
    company: Option<&'static str>,
    job_title: Option<&'static str>,
}

/// Sets two fields where any of the three has a value.
#[plugin_fn]
pub fn on_create(Json(contact): Json<Read>) -> FnResult<Json<Set>> {
    let Read { first_name, last_name, mobile } = contact;
    let known: usize = [first_name, last_name, mobile].into_iter().flatten().map(|text| text.len()).sum();
    if known == 0 {
        return Ok(Json(Set::default()));
    }
    Ok(Json(Set { company: Some("Acme Ltd"), job_title: Some("CEO") }))
}
