//! The rules: whom the policy names, and why no survey follows an enquiry. Reasons are written for the agent who reads them.

/// What the policy needs of a contact. The host's has it, and so has the one of the tests.
pub trait Person {
    /// Why a read failed.
    type Refusal;
    /// Returns a field's text.
    fn get(&self, field: &str) -> Result<Option<String>, Self::Refusal>;
    /// Returns all values of a list field.
    fn values(&self, field: &str) -> Result<Vec<String>, Self::Refusal>;
}

/// What the deployment configured. All names are compared without regard to case.
#[derive(Default)]
pub struct Policy {
    /// Labels whose bearers get no survey.
    pub labels: Vec<String>,
    /// Contact types that get none.
    pub types: Vec<String>,
    /// Countries, as ISO 3166-1 alpha-2, whose people get none.
    pub countries: Vec<String>,
    /// Channels after which none is sent.
    pub channels: Vec<String>,
    /// So many surveys within the window are enough.
    pub max_surveys: u32,
    /// The window, in days before the enquiry opened.
    pub window_days: u32,
}

impl Policy {
    /// Returns why the policy names a person; `None` when it doesn't. A field is read only if there is a rule about it.
    pub fn names<P: Person>(&self, person: &P) -> Result<Option<String>, P::Refusal> {
        if !self.labels.is_empty()
            && let Some(label) = person.values("labels")?.into_iter().find(|label| is_among(&self.labels, label))
        {
            return Ok(Some(["labelled “", &label, "”"].concat()));
        }
        let rules = [("type", "contacts of type ", &self.types), ("country", "contacts in ", &self.countries)];
        for (field, whose, list) in rules {
            if !list.is_empty()
                && let Some(value) = person.get(field)?.filter(|value| is_among(list, value))
            {
                return Ok(Some([whose, &value, " get no survey"].concat()));
            }
        }
        Ok(None)
    }

    /// Returns why no survey may follow an enquiry; `None` when one may. `asked` tells how many were sent in so many days.
    pub fn against_survey<P: Person>(
        &self,
        channel: &str,
        person: &P,
        asked: impl FnOnce(u32) -> u32,
    ) -> Result<Option<String>, P::Refusal> {
        if is_among(&self.channels, channel) {
            return Ok(Some(["no surveys after ", channel].concat()));
        }
        if is_opted_out(person)? {
            return Ok(Some("the contact opted out".to_owned()));
        }
        if let Some(reason) = self.names(person)? {
            return Ok(Some(reason));
        }
        if self.max_surveys == 0 {
            return Ok(Some("surveys are switched off".to_owned()));
        }
        let asked = asked(self.window_days);
        Ok((asked >= self.max_surveys).then(|| self.too_many(asked)))
    }

    fn too_many(&self, asked: u32) -> String {
        let surveys = if asked == 1 { " survey in " } else { " surveys in " };
        [&*asked.to_string(), surveys, &self.window_days.to_string(), " days"].concat()
    }
}

/// Says whether a person opted out, or was opted out before.
pub fn is_opted_out<P: Person>(person: &P) -> Result<bool, P::Refusal> {
    Ok(person.get("survey_opt_out")?.as_deref() == Some("yes"))
}

/// Labels are names in any script, so ASCII alone won't do.
fn is_among(list: &[String], value: &str) -> bool {
    list.iter().any(|one| lower_case(one).eq(lower_case(value)))
}

fn lower_case(name: &str) -> impl Iterator<Item = char> {
    name.trim().chars().flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    /// A contact that notes what was read of it.
    #[derive(Default)]
    struct FakePerson {
        fields: Vec<(&'static str, &'static str)>,
        reads: RefCell<Vec<String>>,
    }

    impl Person for FakePerson {
        type Refusal = ();

        fn get(&self, field: &str) -> Result<Option<String>, ()> {
            Ok(self.values(field)?.into_iter().next())
        }

        fn values(&self, field: &str) -> Result<Vec<String>, ()> {
            self.reads.borrow_mut().push(field.to_owned());
            Ok(self.fields.iter().filter(|(name, _)| *name == field).map(|(_, value)| (*value).to_owned()).collect())
        }
    }

    fn person(fields: &[(&'static str, &'static str)]) -> FakePerson {
        FakePerson { fields: fields.to_vec(), ..FakePerson::default() }
    }

    fn list(items: &[&str]) -> Vec<String> {
        items.iter().map(|item| (*item).to_owned()).collect()
    }

    fn policy() -> Policy {
        Policy {
            labels: list(&["No survey", "谢绝回访", "Überdruss"]),
            types: list(&["prospect"]),
            countries: list(&["DE"]),
            channels: list(&["sms"]),
            max_surveys: 2,
            window_days: 30,
        }
    }

    #[track_caller]
    fn check(fields: &[(&'static str, &'static str)], reason: Option<&str>) {
        assert_eq!(policy().names(&person(fields)), Ok(reason.map(str::to_owned)), "{fields:?}");
    }

    #[test]
    fn people_are_named_by_label_type_and_country() {
        check(&[("labels", "VIP"), ("labels", "no SURVEY")], Some("labelled “no SURVEY”"));
        check(&[("labels", "谢绝回访")], Some("labelled “谢绝回访”"));
        check(&[("labels", "ÜBERDRUSS")], Some("labelled “ÜBERDRUSS”"));
        check(&[("type", "prospect")], Some("contacts of type prospect get no survey"));
        check(&[("country", "DE")], Some("contacts in DE get no survey"));
        check(&[("labels", "No survey please"), ("type", "lead"), ("country", "HK")], None);
        check(&[], None);
    }

    #[test]
    fn only_what_a_rule_is_about_is_read() {
        let someone = person(&[("labels", "VIP")]);
        let labels_only = Policy { labels: list(&["No survey"]), ..Policy::default() };
        assert_eq!(labels_only.names(&someone), Ok(None));
        assert_eq!(*someone.reads.borrow(), ["labels"]);
    }

    #[track_caller]
    fn check_survey(channel: &str, fields: &[(&'static str, &'static str)], asked: u32, reason: Option<&str>) {
        let outcome = policy().against_survey(channel, &person(fields), |days| if days == 30 { asked } else { 0 });
        assert_eq!(outcome, Ok(reason.map(str::to_owned)), "{channel} {fields:?} {asked}");
    }

    #[test]
    fn surveys_are_suppressed_for_every_reason() {
        check_survey("call", &[], 0, None);
        check_survey("call", &[("survey_opt_out", "no")], 1, None);
        check_survey("SMS", &[], 0, Some("no surveys after SMS"));
        check_survey("call", &[("survey_opt_out", "yes")], 0, Some("the contact opted out"));
        check_survey("call", &[("labels", "No survey")], 0, Some("labelled “No survey”"));
        check_survey("call", &[], 2, Some("2 surveys in 30 days"));
    }

    #[test]
    fn a_policy_of_no_surveys_holds_for_strangers_too() {
        let never = Policy { window_days: 30, ..Policy::default() };
        assert_eq!(never.against_survey("call", &person(&[]), |_| 0), Ok(Some("surveys are switched off".to_owned())));
    }
}
