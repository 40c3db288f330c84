//! A contact in scripts: the one in hand, what it was before, a side of a merge, an enquiry's contact, or one that a lookup found.

use std::borrow::Cow;
use std::sync::Arc;

use regex::SetMatches;
use rhai::{Array, Dynamic, ImmutableString};

use super::{Pointer, Written, odd_handle, unchanged, written};
use crate::domain::contact::Contact;
use crate::domain::field::{FIELDS, FieldKey};
use crate::domain::text::is_blank;
use crate::plugin::fault::FaultKind;
use crate::plugin::hand::{EditError, Refusal, Sheet, Side, Subject};
use crate::runtime::script::api::Table;
use crate::runtime::script::call::{Outcome, throw, unreadable};
use crate::runtime::script::library::{Rules, Search};
use crate::runtime::script::patterns;

/// A contact.
#[derive(Clone)]
pub(super) struct ContactHandle {
    pub(super) pointer: Pointer,
    pub(super) which: Which,
}

/// Which contact a handle points to.
#[derive(Clone)]
pub(super) enum Which {
    /// What will be written.
    InHand,
    /// What is stored now.
    Before,
    /// The side of a merge that stays.
    Master,
    /// The side of a merge that will be erased.
    Other,
    /// What a merge will make.
    Result,
    /// The contact that an enquiry was matched with.
    OfEnquiry,
    /// Another one.
    Found(Arc<Contact>),
}

/// The only list that is read as an array.
const LABELS: &str = "labels";

/// All values of a field.
type Values<'s> = Vec<Cow<'s, str>>;

pub(super) fn register(table: &mut Table) {
    describe(table);
    table.module.set_custom_type::<ContactHandle>("Contact");
    table.getter("contact", "id", |contact: &mut ContactHandle| contact.id());
    table.write_back("id", |contact: &mut ContactHandle, value: Dynamic| {
        unchanged("contact.id", &contact.id()?, &value)
    });
    for name in FIELDS.iter().map(|info| info.name) {
        table.getter("contact", name, move |contact: &mut ContactHandle| contact.get(name));
        table.setter("contact", name, move |contact: &mut ContactHandle, value: Dynamic| contact.assign(name, &value));
    }
    table.index_getter("contact", |contact: &mut ContactHandle, name: &str| contact.get(name));
    table.index_setter("contact", |contact: &mut ContactHandle, name: &str, value: Dynamic| {
        contact.assign(name, &value)
    });
    table.function("get", |contact: &mut ContactHandle, name: &str| contact.get(name));
    table.function("set", |contact: &mut ContactHandle, name: &str, value: Dynamic| contact.set(name, &value));
    table.function("has", |contact: &mut ContactHandle, name: &str| contact.has(name));
    table.function("values", |contact: &mut ContactHandle, name: &str| contact.values(name));
    table.function("add", |contact: &mut ContactHandle, name: &str, value: &str| {
        contact.edit(name, |sheet| sheet.add(name, value))
    });
    table.function("remove", |contact: &mut ContactHandle, name: &str, value: &str| {
        contact.edit(name, |sheet| sheet.remove(name, value))
    });
    table.function("label", |contact: &mut ContactHandle, label: &str| {
        contact.edit(LABELS, |sheet| sheet.add(LABELS, label))
    });
    table.function("unlabel", |contact: &mut ContactHandle, label: &str| {
        contact.edit(LABELS, |sheet| sheet.remove(LABELS, label))
    });
    table.function("has_label", |contact: &mut ContactHandle, label: &str| contact.has_label(label));
    table.function("matches", |contact: &mut ContactHandle, name: &str, pattern: ImmutableString| {
        contact.matches(name, &pattern)
    });
    table.function("fitting", |rules: &mut Rules, contact: ContactHandle| {
        rules.fitting(&contact.pointer.call, |field, search| contact.read(field, |text| search(&plain(text)))?)
    });
    table.function("fitting", |rules: &mut Rules, contact: ContactHandle, before: ContactHandle| {
        rules.fitting(&contact.pointer.call, |field, search| contact.search_changed(field, &before, search))
    });
}

fn describe(table: &mut Table) {
    table.chapter(
        "A contact: `fn on_create(contact)`, `fn on_update(contact, before)`, `fn on_delete(contact)`",
        "Fields go by name and are texts; a missing one is `\"\"`, so that text functions just work. Phones are read in E.164, dates as \
         `YYYY-MM-DD`, countries as alpha-2 (`HK`), `survey_opt_out` and `sms` as `yes` or `no`. A value that the built-in rules refused \
         is read as it was given, so that you can repair it. `before`, the contact of `on_delete` and contacts found by `lookup` cannot be \
         written.",
    );
    table.say(
        "contact.first_name",
        "A field's text; of a list (phones, e-mails, social handles, external ids) the first value.",
        &[("contact.first_name", "\"Ann\""), ("contact.city", "\"\"")],
    );
    table.say(
        "contact[\"custom.tier\"]",
        "The same by a name that is no word, as those of custom fields.",
        &[
            ("contact[\"custom.tier\"]", "\"gold\""),
            ("contact[\"custom.tier\"] = \"silver\";", "sets custom.tier = \"silver\""),
        ],
    );
    table.say("contact.get(field)", "The same as a function.", &[("contact.get(\"company\")", "\"Acme\"")]);
    table.say("contact.labels", "The labels as an array.", &[("contact.labels", "[\"Lead\", \"VIP\"]")]);
    table.say(
        "contact.values(field)",
        "All values of a list field as an array.",
        &[("contact.values(\"email\")", "[\"ann@example.com\"]")],
    );
    table.say(
        "contact.has(field)",
        "Whether the field has a value.",
        &[("contact.has(\"mobile\") && !contact.has(\"city\")", "true")],
    );
    table.say(
        "contact.has_label(label)",
        "Whether the contact has the label, without regard to case.",
        &[("contact.has_label(\"vip\")", "true")],
    );
    table.say(
        "contact.matches(field, pattern)",
        "Whether a [pattern](#patterns) occurs in the field's text; of a list, in the first value.",
        &[(r#"contact.matches("email", `@example\.com$`)"#, "true"), (r#"contact.matches("city", `^$`)"#, "true")],
    );
    table.say(
        "rules.fitting(contact)",
        "What those of the [rules](#rules) give whose field fits: an array of texts in the rules' order, each once. A field is read as by \
         `contact.matches`.",
        &[(
            "rules([#{field: \"email\", pattern: `@example\\.`, gives: \"Test\"}]).fitting(contact)",
            "[\"Test\"]",
        )],
    );
    table.say(
        "rules.fitting(contact, before)",
        "The same of the rules whose field is not what it was.",
        &[(
            "let rules = rules([\n    #{field: \"company\", pattern: \"(?i)^globex\", gives: \"Partner\"},\n    \
             #{field: \"last_name\", pattern: \"(?i)^lee\", gives: \"Family\"},\n]);\n\
             log_info(to_debug(rules.fitting(contact, before)));",
            "logs info: [\"Partner\"]",
        )],
    );
    table.say("contact.company = text", "Sets a field; `()` and `\"\"` clear it; an array sets all values of a list; `true` and `false` are `yes` and `no`. Setting what is there already does nothing.", &[("contact.company = \"Globex\";", "sets company = \"Globex\""), ("contact.company = ();", "clears company"), ("contact.labels = [\"Lead\", \"New\"];", "sets labels = \"Lead; New\""), ("contact.company = \"Acme\";", "accepts")]);
    table.say(
        "contact.set(field, text)",
        "The same as a function; of a list it replaces all values, even by the first of them.",
        &[("contact.set(\"job_title\", \"Buyer\");", "sets job_title = \"Buyer\"")],
    );
    table.say(
        "contact.add(field, value)",
        "Adds a value to a list field; one that is there already stays once.",
        &[("contact.add(\"email\", \"lee@example.org\");", "sets email = \"ann@example.com; lee@example.org\"")],
    );
    table.say(
        "contact.remove(field, value)",
        "Removes a value from a list field; one that is not there is no error.",
        &[("contact.remove(\"email\", \"ann@example.com\");", "clears email")],
    );
    table.say(
        "contact.label(label)",
        "Adds a label.",
        &[("contact.label(\"Buyer\");", "sets labels = \"Buyer; Lead; VIP\"")],
    );
    table.say("contact.unlabel(label)", "Removes a label.", &[("contact.unlabel(\"vip\");", "sets labels = \"Lead\"")]);
    table.say(
        "contact.id",
        "The contact's id; a new contact has its id already.",
        &[("contact.id", "\"01010101-0101-0101-0101-010101010101\"")],
    );
}

fn plain(text: Option<Cow<'_, str>>) -> Cow<'_, str> {
    text.unwrap_or_default()
}

fn first(values: Option<Cow<'_, str>>) -> Dynamic {
    values.as_deref().unwrap_or_default().into()
}

fn array(values: Values<'_>) -> Dynamic {
    values.iter().map(|text| (&**text).into()).collect::<Array>().into()
}

impl ContactHandle {
    fn get(&self, name: &str) -> Outcome<Dynamic> {
        if name == LABELS { self.values(name) } else { self.read(name, first) }
    }

    fn has(&self, name: &str) -> Outcome<bool> {
        self.read(name, |text| text.is_some_and(|text| !is_blank(&text)))
    }

    fn matches(&self, name: &str, pattern: &ImmutableString) -> Outcome<bool> {
        let pattern = patterns::prepared(&self.pointer.call, pattern)?;
        self.read(name, |text| patterns::occurs(&pattern, &plain(text)))?
    }

    /// Searches a field's text, unless it is what it was.
    fn search_changed(&self, name: &str, before: &Self, search: Search<'_>) -> Outcome<Option<SetMatches>> {
        let held = before.read(name, |text| plain(text).into_owned())?;
        self.read(name, |text| {
            let text = plain(text);
            if text == held { Ok(None) } else { search(&text) }
        })?
    }

    fn values(&self, name: &str) -> Outcome<Dynamic> {
        self.read_all(name, array)
    }

    fn has_label(&self, label: &str) -> Outcome<bool> {
        let wanted = label.trim().to_lowercase();
        self.read_all(LABELS, |labels| labels.iter().any(|label| label.to_lowercase() == wanted))
    }

    fn read<T>(&self, name: &str, then: impl FnOnce(Option<Cow<'_, str>>) -> T) -> Outcome<T> {
        let desk = self.pointer.desk()?;
        let subject = desk.subject.as_ref().ok_or_else(odd_handle)?;
        let text = match (&self.which, subject) {
            (Which::InHand, Subject::Contact(hand)) => hand.sheet.get(name),
            (Which::Before, Subject::Contact(hand)) => hand.before_get(name),
            (Which::Master, Subject::Merge(hand)) => hand.side_get(Side::Master, name),
            (Which::Other, Subject::Merge(hand)) => hand.side_get(Side::Other, name),
            (Which::Result, Subject::Merge(hand)) => hand.result.get(name),
            (Which::OfEnquiry, Subject::Enquiry(hand)) => hand.contact_get(name),
            (Which::Found(contact), subject) => found_key(subject, name).map(|key| contact.get(&key)),
            _ => return Err(odd_handle()),
        };
        text.map(then).map_err(unreadable)
    }

    fn read_all<T>(&self, name: &str, then: impl FnOnce(Values<'_>) -> T) -> Outcome<T> {
        let desk = self.pointer.desk()?;
        let subject = desk.subject.as_ref().ok_or_else(odd_handle)?;
        let values = match (&self.which, subject) {
            (Which::InHand, Subject::Contact(hand)) => hand.sheet.values(name),
            (Which::Before, Subject::Contact(hand)) => hand.before_values(name),
            (Which::Master, Subject::Merge(hand)) => hand.side_values(Side::Master, name),
            (Which::Other, Subject::Merge(hand)) => hand.side_values(Side::Other, name),
            (Which::Result, Subject::Merge(hand)) => hand.result.values(name),
            (Which::OfEnquiry, Subject::Enquiry(hand)) => hand.contact_values(name),
            (Which::Found(contact), subject) => found_key(subject, name).map(|key| contact.values(&key)),
            _ => return Err(odd_handle()),
        };
        values.map(then).map_err(unreadable)
    }

    fn id(&self) -> Outcome<Dynamic> {
        let desk = self.pointer.desk()?;
        let subject = desk.subject.as_ref().ok_or_else(odd_handle)?;
        let id = match (&self.which, subject) {
            (Which::Found(contact), _) => contact.id,
            (Which::InHand | Which::Before, Subject::Contact(hand)) => hand.sheet.draft().contact.id,
            (Which::Master | Which::Result, Subject::Merge(hand)) => hand.master.id,
            (Which::Other, Subject::Merge(hand)) => hand.other.id,
            (Which::OfEnquiry, Subject::Enquiry(hand)) => hand.contact().ok_or_else(odd_handle)?.draft().contact.id,
            _ => return Err(odd_handle()),
        };
        Ok(id.to_string().into())
    }

    /// Sets a property. Rhai writes a property back after any method was called on its value, so one that is what it was is left alone.
    fn assign(&self, name: &str, value: &Dynamic) -> Outcome<()> {
        let same = match written(name, value)? {
            Written::One(_) if name == LABELS => Ok(false),
            Written::One(text) => self.read(name, |held| held.as_deref().unwrap_or_default() == text.as_str()),
            Written::Several(texts) => self
                .read_all(name, |held| held.iter().map(|text| &**text).eq(texts.iter().map(ImmutableString::as_str))),
        };
        if same.unwrap_or(false) { Ok(()) } else { self.set(name, value) }
    }

    fn set(&self, name: &str, value: &Dynamic) -> Outcome<()> {
        match written(name, value)? {
            Written::One(text) => self.edit(name, |sheet| sheet.set(name, &text)),
            Written::Several(texts) => self.edit(name, |sheet| {
                let (head, tail) =
                    texts.split_first().map_or(("", texts.as_slice()), |(head, tail)| (head.as_str(), tail));
                sheet.set(name, head)?;
                tail.iter().try_for_each(|text| sheet.add(name, text))
            }),
        }
    }

    fn edit(&self, name: &str, write: impl FnOnce(&mut Sheet) -> Result<(), EditError>) -> Outcome<()> {
        let mut desk = self.pointer.desk()?;
        let subject = desk.subject.as_mut().ok_or_else(odd_handle)?;
        let done = match (&self.which, subject) {
            (Which::InHand, Subject::Contact(hand)) => write(&mut hand.sheet),
            (Which::Result, Subject::Merge(hand)) => write(&mut hand.result),
            (Which::OfEnquiry, Subject::Enquiry(hand)) => hand.contact_mut(name).and_then(write),
            (Which::Before | Which::Master | Which::Other | Which::Found(_), _) => return Err(read_only(name)),
            _ => return Err(odd_handle()),
        };
        drop(desk);
        done.map_err(|error| self.pointer.call.edit_failed(error))
    }
}

/// The grants for the thing in hand hold for contacts found by a lookup too.
fn found_key(subject: &Subject, name: &str) -> Result<FieldKey, Refusal> {
    subject.may_read(name)?;
    FieldKey::parse(name).map_err(|invalid| Refusal {
        code: Cow::Borrowed(invalid.code),
        field: name.to_owned(),
        message: invalid.message,
        hint: invalid.hint,
    })
}

fn read_only(name: &str) -> Box<rhai::EvalAltResult> {
    let refusal = Refusal {
        code: Cow::Borrowed("READ_ONLY"),
        field: name.to_owned(),
        message: format!("`{name}` of a contact that is only shown cannot be set"),
        hint: Some("set it on the contact in hand, or on `merge.result`".to_owned()),
    };
    throw(refusal, FaultKind::RefusedEdit)
}
