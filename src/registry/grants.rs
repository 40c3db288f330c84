//! What a deployment grants to plugins, against what they ask for. Whoever asks for more waits, and nothing that was taken back goes on.

use std::collections::BTreeMap;
use std::ops::Deref;

use super::Deployment;
use super::loaded::Loaded;
use crate::domain::reach;
use crate::plugin::manifest::Manifest;
use crate::plugin::package::LoadError;
use crate::plugin::signature::Trust;

/// What a deployment says about its plugins: each by name, and whose signatures count for all.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Deployments {
    by_name: BTreeMap<String, Deployment>,
    /// Whose signatures count.
    pub trust: Trust,
}

impl Deployments {
    /// Adds whose signatures count.
    #[must_use]
    pub fn trusting(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Says whether a version that served may go on: what was granted may have been taken back, or its signer is no longer trusted.
    pub(super) fn allow(&self, loaded: &Loaded) -> bool {
        let nothing = Deployment::default();
        let deployment = self.by_name.get(&loaded.identity().name).unwrap_or(&nothing);
        Waits::of(&loaded.manifest, deployment).is_none() && self.trust.allows(loaded.signed.as_ref())
    }
}

impl Deref for Deployments {
    type Target = BTreeMap<String, Deployment>;

    fn deref(&self) -> &Self::Target {
        &self.by_name
    }
}

impl FromIterator<(String, Deployment)> for Deployments {
    fn from_iter<I: IntoIterator<Item = (String, Deployment)>>(named: I) -> Self {
        Self { by_name: named.into_iter().collect(), trust: Trust::default() }
    }
}

impl<const N: usize> From<[(String, Deployment); N]> for Deployments {
    fn from(named: [(String, Deployment); N]) -> Self {
        named.into_iter().collect()
    }
}

/// What a package asks for.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Asks {
    /// Beside the thing in hand: `lookup`, `state`.
    pub grants: Vec<String>,
    /// Names of what it wants to read; `None` where it does not say.
    pub reads: Option<Vec<String>>,
    /// Names of what it wants to write; `None` where it does not say.
    pub writes: Option<Vec<String>>,
}

impl Asks {
    /// Returns what a manifest asks for.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        let asked = [("lookup", manifest.asks.lookup), ("state", manifest.asks.state)];
        let grants = asked.into_iter().filter(|(_, asked)| *asked).map(|(name, _)| name.to_owned()).collect();
        Self { grants, reads: manifest.reads.clone(), writes: manifest.writes.clone() }
    }

    /// Says whether nothing is asked that a person would have to grant.
    #[must_use]
    pub fn is_modest(&self) -> bool {
        self.grants.is_empty() && self.reads.is_none() && self.writes.is_none()
    }
}

/// A package that asks for more than it was granted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waits {
    /// Its version.
    pub version: String,
    /// All that it asks for.
    pub asks: Asks,
    /// What of that is not granted. Where the deployment does not limit reading or writing, nothing is missing there.
    pub missing: Asks,
}

impl Waits {
    /// Compares what a manifest asks for with what is granted; `None` when all of it is.
    #[must_use]
    pub fn of(manifest: &Manifest, deployment: &Deployment) -> Option<Self> {
        let asks = Asks::of(manifest);
        let missing = Asks {
            grants: asks.grants.iter().filter(|grant| !deployment.grants.contains(grant)).cloned().collect(),
            reads: beyond(asks.reads.as_deref(), deployment.reads.as_deref()),
            writes: beyond(asks.writes.as_deref(), deployment.writes.as_deref()),
        };
        (!missing.is_modest()).then(|| Self { version: manifest.version.clone(), asks, missing })
    }

    /// Says it as the reason why the package is not in service.
    pub(super) fn error(&self, plugin: &str) -> LoadError {
        let by_hand = match self.missing.grants.as_slice() {
            [] => String::new(),
            _ => format!(", or write `grants = {:?}` under [plugins.{plugin}] in carnet.toml", self.asks.grants),
        };
        LoadError::new(format!("it asks for more than it was granted: {}", self.missing.told()))
            .hint(format!("look at it and grant it with `carnet plugin approve {plugin}`{by_hand}"))
    }
}

impl Asks {
    /// Says in words what is asked: `` `lookup`; to read `email` ``.
    #[must_use]
    pub fn told(&self) -> String {
        let listed = |names: &[String]| format!("`{}`", names.join("`, `"));
        let grants = (!self.grants.is_empty()).then(|| listed(&self.grants));
        let verb = |verb: &str, names: &Option<Vec<String>>| {
            names.as_ref().map(|names| match names.as_slice() {
                [] => format!("to {verb} nothing"),
                names => format!("to {verb} {}", listed(names)),
            })
        };
        let told: Vec<String> =
            [grants, verb("read", &self.reads), verb("write", &self.writes)].into_iter().flatten().collect();
        told.join("; ")
    }
}

fn beyond(asked: Option<&[String]>, granted: Option<&[String]>) -> Option<Vec<String>> {
    Some(reach::beyond(asked?, granted?)).filter(|missing| !missing.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &str) -> Vec<String> {
        list.split_whitespace().map(str::to_owned).collect()
    }

    /// What is missing of a manifest under grants, reads and writes of the deployment; `-` means that they are not limited.
    #[track_caller]
    fn check(manifest: &str, [grants, reads, writes]: [&str; 3], missing: &str) {
        let manifest = Manifest::parse(manifest, "x").unwrap();
        let limit = |list: &str| (list != "-").then(|| names(list));
        let deployment =
            Deployment { grants: names(grants), reads: limit(reads), writes: limit(writes), ..Deployment::default() };
        let waits = Waits::of(&manifest, &deployment);
        assert_eq!(waits.map(|waits| waits.missing.told()).unwrap_or_default(), missing, "{manifest:?}");
    }

    #[test]
    fn only_what_is_asked_and_not_granted_is_waited_for() {
        check("", ["", "-", "-"], "");
        check("", ["", "mobile", ""], "");
        check("grants = ['lookup', 'state']", ["state", "-", "-"], "`lookup`");
        check("grants = ['lookup']", ["lookup state", "-", "-"], "");
        check("reads = ['mobile', 'emails']\nwrites = ['labels']", ["", "-", "-"], "");
        check("reads = ['mobile', 'emails']", ["", "phones", "-"], "to read `emails`");
        check("reads = ['email']\nwrites = ['labels', 'custom.a']", ["", "emails", "custom.*"], "to write `labels`");
        check("reads = ['*']\nwrites = []", ["", "phones", ""], "to read `*`");
        check("grants = ['state']\nwrites = ['city']", ["", "", ""], "`state`; to write `city`");
    }
}
