//! Saved filters, and what is checked of a query before it is asked: that its custom fields are there, that names in it are known, and
//! that the settings allow words and filters at once.

use super::failure::{Class, Failure};
use super::wire::query::{from_json, to_json};
use super::{App, now};
use crate::domain::custom::Entity;
use crate::domain::name::{Name, nearest};
use crate::domain::permission::Viewer;
use crate::store::{Comparison, Filter, Query, Referent, SavedFilter};

impl App {
    /// Saves a query under a name; says whether it took the place of another.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn save_filter(&self, name: &Name, query: &Query, by: &Viewer) -> Result<bool, Failure> {
        let filter = SavedFilter {
            name: name.clone(),
            query_json: to_json(query).to_string(),
            person: by.name().to_owned(),
            at: now(),
        };
        Ok(self.store()?.write(|writer| writer.save_filter(&filter))?)
    }

    /// Returns all saved filters with their queries, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn filters(&self) -> Result<Vec<(SavedFilter, Query)>, Failure> {
        let filters = self.store()?.read(|reader| reader.filters())?;
        filters.into_iter().map(|filter| query_of(&filter).map(|query| (filter, query))).collect()
    }

    /// Returns a saved filter and its query.
    ///
    /// # Errors
    /// Not found, with the nearest name.
    pub fn filter(&self, name: &str) -> Result<(SavedFilter, Query), Failure> {
        let parsed = Name::parse(name)?;
        match self.store()?.read(|reader| reader.filter(&parsed))? {
            Some(filter) => query_of(&filter).map(|query| (filter, query)),
            None => Err(self.no_filter(name)?),
        }
    }

    /// Deletes a saved filter.
    ///
    /// # Errors
    /// Not found, with the nearest name.
    pub fn delete_filter(&self, name: &str) -> Result<(), Failure> {
        let parsed = Name::parse(name)?;
        let deleted = self.store()?.write(|writer| writer.delete_filter(&parsed))?;
        if deleted { Ok(()) } else { Err(self.no_filter(name)?) }
    }

    fn no_filter(&self, name: &str) -> Result<Failure, Failure> {
        let filters = self.store()?.read(|reader| reader.filters())?;
        let names: Vec<String> = filters.iter().map(|filter| filter.name.to_string()).collect();
        let hint = match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`carnet filter list` lists the saved filters".to_owned(),
        };
        Ok(Failure::new(Class::NotFound, "FILTER_UNKNOWN", format!("there is no saved filter `{name}`")).hint(hint))
    }

    /// Adds what a saved filter asks for to a query.
    ///
    /// # Errors
    /// Not found; usage, when the labels of both cannot be asked for at once.
    pub fn with_filter(&self, name: &str, mut query: Query) -> Result<Query, Failure> {
        let (filter, saved) = self.filter(name)?;
        for condition in &saved.filters {
            self.check_custom(condition, Some(&filter.name))?;
        }
        let any = |query: &Query| query.any_label && query.labels.len() > 1;
        if !query.labels.is_empty() && !saved.labels.is_empty() && (any(&query) || any(&saved)) {
            let message = format!("the labels of the filter `{}` and others cannot be asked for at once", filter.name);
            return Err(Failure::new(Class::Usage, "FILTER_LABELS", message)
                .hint("leave out `--label`, or save a filter without labels: one side asks for any of several"));
        }
        query.any_label = if saved.labels.is_empty() { query.any_label } else { saved.any_label };
        query.words =
            [saved.words, query.words].iter().filter(|words| !words.is_empty()).cloned().collect::<Vec<_>>().join(" ");
        query.labels.extend(saved.labels);
        query.filters.extend(saved.filters);
        Ok(query)
    }

    /// Counts all contacts that a query means.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn count_of(&self, query: &Query) -> Result<u64, Failure> {
        Ok(self.store()?.read(|reader| reader.count_of(query))?)
    }

    /// Checks a query, and returns warnings about names that the viewer does not know.
    ///
    /// # Errors
    /// Usage, when the settings do not allow it or a custom field is not there.
    pub fn check_query(&self, query: &Query, by: &Viewer) -> Result<Vec<String>, Failure> {
        let filtered = !(query.labels.is_empty() && query.filters.is_empty());
        if !self.settings().search_with_filters && filtered && !query.words.trim().is_empty() {
            let message = "words and filters cannot be asked for at once here";
            return Err(Failure::new(Class::Usage, "SEARCH_OR_FILTER", message)
                .hint("leave out the words or the filters, or set `search_with_filters = true` in carnet.toml"));
        }
        let mut warnings = Vec::new();
        for label in &query.labels {
            if !self.store()?.read(|reader| reader.has_label(label))? {
                warnings.push(format!("there is no label `{label}`; `carnet label list` lists them"));
            }
        }
        for filter in &query.filters {
            self.check_custom(filter, None)?;
            warnings.extend(self.unknown_name(filter, by)?);
        }
        Ok(warnings)
    }

    /// Checks that there is a custom field to be asked for. `saved` is the filter that asks for it, if it was saved.
    fn check_custom(&self, filter: &Filter, saved: Option<&Name>) -> Result<(), Failure> {
        let Filter::Custom { key, .. } = filter else { return Ok(()) };
        let by = saved.map_or_else(String::new, |name| format!(", which the filter `{name}` asks for"));
        let schema = self.schema(Entity::Contact)?;
        match schema.find(key) {
            Some(field) if field.enabled => return Ok(()),
            Some(_) => {
                let message = format!("the custom field `{key}`{by} is disabled");
                return Err(Failure::new(Class::Usage, "FIELD_DISABLED", message)
                    .hint(format!("enable it with `carnet field enable {key}`, or ask for something else")));
            }
            // Values may be older than the schema.
            None if self.store()?.read(|reader| reader.has_custom(key))? => return Ok(()),
            None => {}
        }
        Err(Failure::new(Class::Usage, "CUSTOM_UNKNOWN", format!("there is no custom field `{key}`{by}"))
            .hint("`carnet field list` lists the custom fields"))
    }

    fn unknown_name(&self, filter: &Filter, by: &Viewer) -> Result<Option<String>, Failure> {
        let (what, name) = match filter {
            Filter::Organization(name) => (Referent::Organization, name),
            Filter::Owner(name) => (Referent::Staff, name),
            Filter::Division(name) => (Referent::Division, name),
            _ => return Ok(None),
        };
        let known = self.names_known_to(what, by)?;
        let is_known = known.iter().any(|known| Name::parse(known).is_ok_and(|known| known == *name));
        // Contacts keep the name of a staff member who was deleted.
        if is_known || (what == Referent::Staff && self.store()?.read(|reader| reader.contacts_naming(what, name))? > 0)
        {
            return Ok(None);
        }
        let near = nearest(name.as_str(), known.iter().map(String::as_str));
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        Ok(Some(format!("there is no {} `{name}`{near}", what.kind().noun())))
    }
}

fn query_of(filter: &SavedFilter) -> Result<Query, Failure> {
    let value = serde_json::from_str(&filter.query_json).map_err(|error| error.to_string());
    let query = value.and_then(|value| from_json(&value, Query::default()).map_err(|failure| failure.message));
    query.map_err(|reason| {
        Failure::new(
            Class::Internal,
            "FILTER_UNREADABLE",
            format!("the filter `{}` cannot be read: {reason}", filter.name),
        )
        .hint("save it again; a newer Carnet may have written it")
    })
}

/// A query in the options of the command line, for people.
#[must_use]
pub fn as_options(query: &Query) -> String {
    let mut options = Vec::new();
    let mut add = |option: &str, value: &str| options.push(format!("--{option} {}", quoted(value)));
    if !query.words.is_empty() {
        add("words", &query.words);
    }
    query.labels.iter().for_each(|label| add("label", label.as_str()));
    if query.any_label && query.labels.len() > 1 {
        add("match", "any");
    }
    for filter in &query.filters {
        match filter {
            Filter::Type(kind) => add("type", kind.as_str()),
            Filter::Level(level) => add("level", level.as_str()),
            Filter::Company(company) => add("company", company),
            Filter::Organization(name) => add("organization", name.as_str()),
            Filter::Owner(name) => add("owner", name.as_str()),
            Filter::Division(name) => add("division", name.as_str()),
            Filter::Country(country) => add("country", country.as_str()),
            Filter::OptOut(opt_out) => add("opt-out", crate::domain::access::yes_no(*opt_out)),
            Filter::Created(from, to) => add("created", &range(*from, *to)),
            Filter::Updated(from, to) => add("updated", &range(*from, *to)),
            Filter::Custom { key, is } => comparison(key, is).iter().for_each(|text| add("custom", text)),
        }
    }
    if options.is_empty() { "every contact".to_owned() } else { options.join(" ") }
}

fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_.:+@/,".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

fn range(from: Option<chrono::DateTime<chrono::Utc>>, to: Option<chrono::DateTime<chrono::Utc>>) -> String {
    let text = |at: Option<chrono::DateTime<chrono::Utc>>| at.map_or_else(String::new, super::wire::time);
    format!("{}..{}", text(from), text(to))
}

fn comparison(key: &str, is: &Comparison) -> Vec<String> {
    let ends = |least: Option<String>, most: Option<String>| {
        let least = least.map(|least| format!("{key}>={least}"));
        least.into_iter().chain(most.map(|most| format!("{key}<={most}"))).collect()
    };
    match is {
        Comparison::Present => vec![key.to_owned()],
        Comparison::Absent => vec![format!("!{key}")],
        Comparison::Equal(value) => vec![format!("{key}={value}")],
        Comparison::Different(value) => vec![format!("{key}!={value}")],
        Comparison::Number(least, most) => ends(least.map(|it| it.to_string()), most.map(|it| it.to_string())),
        Comparison::Text(least, most) => ends(least.clone(), most.clone()),
    }
}
