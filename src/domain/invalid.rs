//! Why a value is refused. Where the value stood (row, column, field) is added by whoever read it.

/// The reason a value is refused, with a code that programs may rely on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// Stable, in SCREAMING_SNAKE_CASE, e.g. `PHONE_SCIENTIFIC`.
    pub code: &'static str,
    /// A lower-case fragment that reads on after the field's name; values in backticks.
    pub message: String,
    /// What to do about it. Shown beside the message, never part of it.
    pub hint: Option<String>,
}

impl Invalid {
    /// A reason without a hint.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    /// The same reason with a hint.
    #[must_use]
    pub fn hint(mut self, text: impl Into<String>) -> Self {
        self.hint = Some(text.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_stays_out_of_the_message() {
        let invalid = Invalid::new("DATE_RANGE", "no such day").hint("look again");
        assert_eq!(invalid.to_string(), "no such day");
        assert_eq!(invalid.hint.as_deref(), Some("look again"));
    }
}
