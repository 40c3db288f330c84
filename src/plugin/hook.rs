//! The hooks: when plugins are called. Names are written once here and used by both engines, the command line and the logs.

use std::fmt;

/// A moment at which plugins are called.
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Hook {
    /// A row of a file was read. **In hand:** the row. **May:** set cells, skip, reject.
    ImportRow,
    /// A contact is about to be created. **In hand:** the contact. **May:** edit, reject.
    Create,
    /// A contact is about to be changed. **In hand:** the contact, and what it was before. **May:** edit, reject.
    Update,
    /// A contact is about to be deleted. **In hand:** the contact, read-only. **May:** reject.
    Delete,
    /// Two contacts are about to become one. **In hand:** master, other and the result. **May:** edit the result, veto.
    Merge,
    /// An enquiry opened or changed its status. **In hand:** the enquiry and its contact. **May:** label, set attributes and consent, reject.
    Enquiry,
}

impl Hook {
    /// All hooks, in the order of a contact's life.
    pub const ALL: [Self; 6] = [Self::ImportRow, Self::Create, Self::Update, Self::Delete, Self::Merge, Self::Enquiry];

    /// Returns the function's name in scripts and on the command line: `on_import_row`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ImportRow => "on_import_row",
            Self::Create => "on_create",
            Self::Update => "on_update",
            Self::Delete => "on_delete",
            Self::Merge => "on_merge",
            Self::Enquiry => "on_enquiry",
        }
    }

    /// Returns the interface's name in WIT, without package and version: `on-import-row`.
    #[must_use]
    pub const fn interface(self) -> &'static str {
        match self {
            Self::ImportRow => "on-import-row",
            Self::Create => "on-create",
            Self::Update => "on-update",
            Self::Delete => "on-delete",
            Self::Merge => "on-merge",
            Self::Enquiry => "on-enquiry",
        }
    }

    /// Finds a hook by either name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hook| hook.name() == name || hook.interface() == name)
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of hooks.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct HookSet(u8);

impl HookSet {
    /// Adds a hook.
    pub const fn insert(&mut self, hook: Hook) {
        self.0 |= 1 << hook as u8;
    }

    /// Says whether the hook is in the set.
    #[must_use]
    pub const fn contains(self, hook: Hook) -> bool {
        self.0 & (1 << hook as u8) != 0
    }

    /// Says whether no hook is in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the hooks in it, in order.
    pub fn iter(self) -> impl Iterator<Item = Hook> {
        Hook::ALL.into_iter().filter(move |hook| self.contains(*hook))
    }
}

impl FromIterator<Hook> for HookSet {
    fn from_iter<T: IntoIterator<Item = Hook>>(hooks: T) -> Self {
        let mut set = Self::default();
        hooks.into_iter().for_each(|hook| set.insert(hook));
        set
    }
}
