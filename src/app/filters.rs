//! Saved filters, and what is checked of a query before it is asked: that its custom fields are there, that names in it are known, and
//! that the settings allow words and filters at once.

use super::failure::{Class, Failure};
use super::wire::query::{from_json, to_json};
use super::{App, now};
use crate::domain::custom::Entity;
use crate::domain::name::{Name, nearest};
use crate::domain::permission::{Member, OPERATOR, Role, Scope, Viewer};
use crate::domain::staff::Staff;
use crate::store::{Comparison, Filter, Query, Referent, SavedFilter};

impl App {
    /// Saves a query under a name; says whether it took the place of another.
    ///
    /// # Errors
    /// Forbidden, when the name is that of somebody else's filter and the viewer is no admin.
    pub fn save_filter(&self, name: &Name, query: &Query, by: &Viewer) -> Result<bool, Failure> {
        let filter = SavedFilter {
            name: name.clone(),
            query_json: to_json(query).to_string(),
            person: by.name().to_owned(),
            at: now(),
        };
        self.store()?.write(|writer| {
            if let Some(known) = writer.filter(name)? {
                own(&known, by, "replace")?;
            }
            Ok(writer.save_filter(&filter)?)
        })
    }

    /// Returns the saved filters that the viewer may use with their queries, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn filters(&self, by: &Viewer) -> Result<Vec<(SavedFilter, Query)>, Failure> {
        self.saved_filters(by)?.into_iter().map(|filter| query_of(&filter).map(|query| (filter, query))).collect()
    }

    /// Saved filters are everybody's to use. Where staff see only a part of the contacts, those of other agents are theirs alone: what they
    /// ask for tells of contacts.
    fn saved_filters(&self, by: &Viewer) -> Result<Vec<SavedFilter>, Failure> {
        let mut filters = self.store()?.read(|reader| reader.filters())?;
        if by.scope(self.settings().access) != Scope::All {
            let others: Vec<Name> =
                self.staff()?.iter().map(Staff::member).filter(is_agent).map(|it| it.name).collect();
            filters.retain(|filter| wrote(filter, by) || !others.iter().any(|other| is(other, &filter.person)));
        }
        Ok(filters)
    }

    /// Returns a saved filter that the viewer may use, and its query.
    ///
    /// # Errors
    /// Not found, with the nearest name.
    pub fn filter(&self, name: &str, by: &Viewer) -> Result<(SavedFilter, Query), Failure> {
        let parsed = Name::parse(name)?;
        match self.saved_filters(by)?.into_iter().find(|filter| filter.name == parsed) {
            Some(filter) => query_of(&filter).map(|query| (filter, query)),
            None => Err(self.no_filter(name, by)?),
        }
    }

    /// Deletes a saved filter.
    ///
    /// # Errors
    /// Not found, with the nearest name; forbidden to all but who saved it and admins.
    pub fn delete_filter(&self, name: &str, by: &Viewer) -> Result<(), Failure> {
        let (filter, _) = self.filter(name, by)?;
        own(&filter, by, "delete")?;
        let deleted = self.store()?.write(|writer| writer.delete_filter(&filter.name))?;
        if deleted { Ok(()) } else { Err(self.no_filter(name, by)?) }
    }

    fn no_filter(&self, name: &str, by: &Viewer) -> Result<Failure, Failure> {
        let filters = self.saved_filters(by)?;
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
    pub fn with_filter(&self, name: &str, mut query: Query, by: &Viewer) -> Result<Query, Failure> {
        let (filter, saved) = self.filter(name, by)?;
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
        let held = || self.count_of(&Query { filters: vec![filter.clone()], ..self.query(by) });
        if is_known || (what == Referent::Staff && held()? > 0) {
            return Ok(None);
        }
        let near = nearest(name.as_str(), known.iter().map(String::as_str));
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        Ok(Some(format!("there is no {} `{name}`{near}", what.kind().noun())))
    }
}

fn is(person: &Name, text: &str) -> bool {
    Name::parse(text).is_ok_and(|name| name == *person)
}

fn wrote(filter: &SavedFilter, by: &Viewer) -> bool {
    by.member().is_some_and(|member| is(&member.name, &filter.person))
}

fn is_agent(member: &Member) -> bool {
    member.role == Role::Agent
}

/// Checks that a saved filter is the viewer's to change: the author's, or an admin's.
fn own(filter: &SavedFilter, by: &Viewer, deed: &str) -> Result<(), Failure> {
    if by.is_admin() || wrote(filter, by) {
        return Ok(());
    }
    let SavedFilter { name, person, .. } = filter;
    let author = if person == OPERATOR { "whoever operates Carnet" } else { person };
    let message = format!("{} may not {deed} the filter `{name}`: {author} saved it", by.name());
    Err(Failure::new(Class::Rejected, "FORBIDDEN", message)
        .hint(format!("ask {author} or an admin, or use another name")))
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
