//! What the rows of an import meet: the store, as far as whoever imports sees it. In a dry run a second store lies over it, a temporary
//! file that takes what would be written and is asked first; the real one is only read, and nobody waits for a lock.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::app::App;
use crate::app::failure::Failure;
use crate::app::lookup::{Wanted, answer, wanted};
use crate::app::memory::StateMemory;
use crate::domain::contact::Contact;
use crate::domain::id::ContactId;
use crate::domain::permission::{Access, Right, Scope, Viewer};
use crate::plugin::service::{ContactLookup, LookupKey};
use crate::store::{Identifier, Query, Reader, Referent, Store, StoreError, Writer};

/// What rows meet; clones share it.
#[derive(Clone)]
pub(super) struct Stage {
    store: Store,
    /// What a dry run would have written.
    over: Option<Store>,
    /// What whoever imports sees. What they do not see is not there.
    scope: Scope,
    /// Who imports, and how that is read of a contact that is not stored yet.
    by: (Viewer, Access),
    /// What plugins remember, by what is written, or would be in a dry run.
    pub(super) state: Arc<StateMemory>,
    /// How plugins look for names.
    words: Query,
}

/// Both stores at one moment.
pub(super) struct View<'r> {
    real: &'r Reader<'r>,
    over: Option<&'r Reader<'r>>,
    scope: &'r Scope,
}

impl Stage {
    /// Sets the stage for an import.
    pub(super) fn set(app: &App, by: &Viewer, dry_run: bool) -> Result<Self, Failure> {
        let store = app.store()?.clone();
        let (state, last) = store.read(|reader| Ok((Arc::new(StateMemory::load(reader)?), reader.last_number()?)))?;
        let over = dry_run.then(Store::in_memory).transpose()?;
        if let Some(over) = &over {
            over.write(|writer| writer.number_from(last))?;
        }
        let access = app.settings().access;
        let scope = by.scope(access);
        let words = Query { scope: scope.clone(), ..Query::default() };
        Ok(Self { store, over, words, scope, by: (by.clone(), access), state })
    }

    /// Says whether nothing will come of it.
    pub(super) const fn is_dry(&self) -> bool {
        self.over.is_some()
    }

    /// Says whether whoever imports sees a contact: one that a plugin gave to others is not there for the rows behind.
    pub(super) fn shows(&self, contact: &Contact) -> bool {
        let (by, access) = &self.by;
        by.may(Right::View, contact, *access)
    }

    /// Looks at everything as it stands.
    pub(super) fn view<T>(&self, f: impl FnOnce(&View<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let scope = &self.scope;
        self.store.read(|real| match &self.over {
            None => f(&View { real, over: None, scope }),
            Some(over) => over.read(|over| f(&View { real, over: Some(over), scope })),
        })
    }

    /// Writes in one transaction to where this import writes. `f` is given what a dry run lies over, too.
    pub(super) fn write<T, E: From<StoreError>>(
        &self,
        f: impl FnOnce(&mut Writer<'_>, Option<&Reader<'_>>) -> Result<T, E>,
    ) -> Result<T, E> {
        let Some(over) = &self.over else { return self.store.write(|writer| f(writer, None)) };
        let mut done = None;
        self.store.read(|real| {
            done = Some(over.write(|writer| f(writer, Some(real))));
            Ok(())
        })?;
        done.expect("a read that succeeds has run what it was given")
    }

    /// What a dry run would make beside contacts: labels, organizations, divisions.
    pub(super) fn new_names(&self) -> Result<Vec<(&'static str, Vec<String>)>, StoreError> {
        let Some(over) = &self.over else { return Ok(Vec::new()) };
        let labels = |reader: &Reader<'_>| {
            Ok(reader.label_names()?.into_iter().map(|name| name.as_str().to_owned()).collect::<BTreeSet<String>>())
        };
        let names = |referent: Referent| {
            move |reader: &Reader<'_>| Ok(reader.names(referent)?.into_iter().collect::<BTreeSet<String>>())
        };
        let (organizations, divisions) = (names(Referent::Organization), names(Referent::Division));
        let made = |all: BTreeSet<String>, there: &BTreeSet<String>| {
            let there: BTreeSet<String> = there.iter().map(|name| name.to_lowercase()).collect();
            all.into_iter().filter(|name| !there.contains(&name.to_lowercase())).collect::<Vec<String>>()
        };
        let all = [
            ("labels", made(over.read(labels)?, &self.store.read(labels)?)),
            ("organizations", made(over.read(organizations)?, &self.store.read(organizations)?)),
            ("divisions", made(over.read(divisions)?, &self.store.read(divisions)?)),
        ];
        Ok(all.into_iter().filter(|(_, names)| !names.is_empty()).collect())
    }
}

impl<'r> View<'r> {
    /// What a transaction sees that writes there.
    pub(super) const fn of_writer(writer: &'r Reader<'r>, beneath: Option<&'r Reader<'r>>, scope: &'r Scope) -> Self {
        match beneath {
            None => Self { real: writer, over: None, scope },
            Some(real) => Self { real, over: Some(writer), scope },
        }
    }

    /// Returns the numbers of the contacts with any of the identifiers, oldest first, `limit` at most.
    pub(super) fn matches(&self, identifiers: &[Identifier], limit: usize) -> Result<Vec<i64>, StoreError> {
        let Some(over) = self.over else { return self.real.matches(identifiers, self.scope, limit) };
        // Those that lie under others do not count against the limit.
        let mut found = over.matches(identifiers, self.scope, usize::MAX)?;
        for no in self.real.matches(identifiers, self.scope, usize::MAX)? {
            if !over.has_number(no)? {
                found.push(no);
            }
        }
        found.sort_unstable();
        found.truncate(limit);
        Ok(found)
    }

    /// Says whether a contact has any of the identifiers.
    pub(super) fn holds(&self, no: i64, identifiers: &[Identifier]) -> Result<bool, StoreError> {
        self.where_is(no)?.holds(no, identifiers)
    }

    /// Returns a contact by its number.
    pub(super) fn contact(&self, no: i64) -> Result<Option<Contact>, StoreError> {
        self.where_is(no)?.contact_numbered(no)
    }

    /// Returns the number of a contact, or of the one it was merged into.
    pub(super) fn number_of(&self, id: ContactId) -> Result<Option<i64>, StoreError> {
        let real = self.real.number_of(id)?;
        match (real, self.over) {
            (None, Some(over)) => over.number_of(id),
            (found, _) => Ok(found),
        }
    }

    /// Returns the contacts with a value of a custom field.
    pub(super) fn custom_owners(&self, key: &str, value: &str) -> Result<Vec<ContactId>, StoreError> {
        let real = self.real.custom_owners(key, value)?;
        let Some(over) = self.over else { return Ok(real) };
        let mut owners = over.custom_owners(key, value)?;
        for id in real {
            if over.number_of(id)?.is_none() {
                owners.push(id);
            }
        }
        Ok(owners)
    }

    /// Where a contact is to be read.
    pub(super) fn reader_of(&self, id: ContactId) -> Result<&'r Reader<'r>, StoreError> {
        match self.over {
            Some(over) if over.number_of(id)?.is_some() => Ok(over),
            _ => Ok(self.real),
        }
    }

    /// Says whether a contact is there only because a dry run created it.
    pub(super) fn is_tried_out(&self, id: ContactId) -> Result<bool, StoreError> {
        Ok(self.over.is_some() && self.real.number_of(id)?.is_none())
    }

    fn where_is(&self, no: i64) -> Result<&'r Reader<'r>, StoreError> {
        match self.over {
            Some(over) if over.has_number(no)? => Ok(over),
            _ => Ok(self.real),
        }
    }

    fn by_identifier(&self, identifier: Identifier, limit: usize) -> Result<Vec<Contact>, StoreError> {
        let numbers = self.matches(&[identifier], limit)?;
        numbers.into_iter().filter_map(|no| self.contact(no).transpose()).collect()
    }

    /// The newest contacts by words; those of a dry run come last into the book, so they are the newest.
    fn by_name(&self, query: &Query) -> Result<Vec<Contact>, StoreError> {
        let Some(over) = self.over else { return self.real.newest(query) };
        let mut found: Vec<(i64, Contact)> = Vec::new();
        for contact in over.newest(query)? {
            found.extend(over.number_of(contact.id)?.map(|no| (no, contact)));
        }
        // As many as could lie under others are asked for beside those that are wanted.
        let mut limit = query.limit;
        loop {
            let real = self.real.newest(&Query { limit, ..query.clone() })?;
            let (asked, got) = (limit, real.len());
            let mut seen = Vec::new();
            for contact in real {
                if over.number_of(contact.id)?.is_none() {
                    seen.extend(self.real.number_of(contact.id)?.map(|no| (no, contact)));
                }
            }
            if seen.len() >= query.limit || got < asked {
                found.extend(seen);
                break;
            }
            limit = limit.saturating_mul(2);
        }
        found.sort_by_key(|(no, _)| std::cmp::Reverse(*no));
        Ok(found.into_iter().map(|(_, contact)| contact).take(query.limit).collect())
    }
}

impl ContactLookup for Stage {
    fn find(&self, key: &LookupKey, limit: usize) -> Result<Vec<Arc<Contact>>, String> {
        answer(self.view(|view| match wanted(key) {
            Wanted::Identifier(identifier) => view.by_identifier(identifier, limit),
            Wanted::Words(words) => view.by_name(&Query { words: words.to_owned(), limit, ..self.words.clone() }),
        }))
    }
}
