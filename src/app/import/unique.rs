//! Values that no two contacts may share, in an import: each row's against the store and against the rows before it, in the transaction that
//! writes them. Costs nothing where the schema has no such field.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::row::{Context, Ended, RowEnd, failed};
use super::stage::View;
use crate::app::custom_fields::{Holder, holder, owner_text, taken};
use crate::app::decide::Told;
use crate::domain::custom::Claim;
use crate::domain::id::ContactId;
use crate::domain::permission::{Access, Right, Viewer};
use crate::store::{Prepared, StoreError};

/// Sixteen bytes stand for a value.
type Digest16 = [u8; 16];

/// Who has which value, by the rows taken so far.
#[derive(Default)]
pub(super) struct Owners {
    values: HashMap<Digest16, (Arc<Prepared>, u64)>,
    /// Contacts that these rows rewrite: what the store says of them is no longer so.
    rewritten: HashSet<ContactId>,
}

/// A row that asks for a value that is another contact's: where it stands in the batch, and what is wrong with it.
pub(super) type Refused = (usize, Vec<Told>);

impl Owners {
    /// Takes the rows of a batch in order, and returns those that may not be written.
    pub(super) fn take(
        &mut self,
        view: &View<'_>,
        batch: &[Ended],
        by: &Viewer,
        access: Access,
    ) -> Result<Vec<Refused>, StoreError> {
        let mut refused = Vec::new();
        for (at, row) in batch.iter().enumerate() {
            let (RowEnd::Create(ready) | RowEnd::Update(ready, _)) = &row.end else { continue };
            let id = ready.contact.id();
            let mut problems = Vec::new();
            for claim in ready.claims.iter().filter(|claim| claim.fresh) {
                if let Some(holder) = self.holder(view, claim, id, by, access)? {
                    problems.push(Told { plugin: None, problem: taken(claim, &holder) });
                }
            }
            if !problems.is_empty() {
                refused.push((at, problems));
                continue;
            }
            if matches!(row.end, RowEnd::Update(..)) {
                self.rewritten.insert(id);
            }
            self.values
                .extend(ready.claims.iter().map(|claim| (digest(claim), (Arc::clone(&ready.contact), row.record))));
        }
        Ok(refused)
    }

    fn holder(
        &self,
        view: &View<'_>,
        claim: &Claim,
        id: ContactId,
        by: &Viewer,
        access: Access,
    ) -> Result<Option<Holder>, StoreError> {
        if let Some((owner, record)) = self.values.get(&digest(claim)).filter(|(owner, _)| owner.id() != id) {
            // A plugin may have given it to others.
            let seen = by.may(Right::View, &owner.contact()?, access);
            let told = || Holder::Seen(format!("{}, of row {record},", owner_text(owner.id())));
            return Ok(Some(if seen { told() } else { Holder::Hidden("a contact") }));
        }
        let stored = view.custom_owners(&claim.key, &claim.value)?;
        let other = stored.into_iter().find(|owner| *owner != id && !self.rewritten.contains(owner));
        let Some(owner) = other else { return Ok(None) };
        Ok(Some(match holder(view.reader_of(owner)?, owner, by, access)? {
            Holder::Seen(_) if view.is_tried_out(owner)? => Holder::Seen("an earlier row's contact".to_owned()),
            holder => holder,
        }))
    }
}

fn digest(claim: &Claim) -> Digest16 {
    let hash = Sha256::new().chain_update(&claim.key).chain_update([0x1f]).chain_update(&claim.folded).finalize();
    std::array::from_fn(|at| hash[at])
}

/// Ends refused rows as failed.
pub(super) fn fail(batch: &mut [Ended], refused: Vec<Refused>, context: &Context) {
    for (at, problems) in refused {
        let row = &mut batch[at];
        if let RowEnd::Create(ready) | RowEnd::Update(ready, _) = &row.end {
            row.end = failed(row.record, row.line, &ready.cells, &problems, context);
        }
    }
}
