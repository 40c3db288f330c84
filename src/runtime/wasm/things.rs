//! The things in hand as a guest sees them: `carnet:plugin/things`. A handle is a role (0 in hand, 1 before, more: found by `lookup`);
//! what stands behind it is the subject in the store's data, so nothing is looked up in a table and nothing outlives the call.

use std::borrow::Cow;

use wasmtime::component::{LinkerInstance, Resource, ResourceType, WasmStr};
use wasmtime::{Result, StoreContextMut};

use crate::domain::field::FieldKey;
use crate::plugin::fault::{Fault, FaultKind};
use crate::plugin::hand::{ContactHand, EditError, EnquiryHand, MergeHand, Refusal, RowHand, Side, Subject};

use super::data::{Data, Found, stale};
use super::types::{ContactThing, EnquiryThing, GuestRefusal, MergeThing, RowThing};

/// Longest name of a field, header or attribute, in bytes: names are repeated in messages.
const NAME_BYTES: usize = 4096;

type Ctx<'a> = StoreContextMut<'a, Data>;
type Things<'a> = LinkerInstance<'a, Data>;
type Refusable<T> = (std::result::Result<T, GuestRefusal>,);
type Text<'a> = std::result::Result<Option<Cow<'a, str>>, Refusal>;
type Texts<'a> = std::result::Result<Vec<Cow<'a, str>>, Refusal>;
type Edited = std::result::Result<(), EditError>;

/// Links the four resources.
pub(super) fn link(things: &mut Things<'_>) -> Result<()> {
    things.resource("contact", ResourceType::host::<ContactThing>(), |mut store, number| {
        store.data_mut().found.release(number);
        Ok(())
    })?;
    things.resource("row", ResourceType::host::<RowThing>(), |_, _| Ok(()))?;
    things.resource("merge", ResourceType::host::<MergeThing>(), |_, _| Ok(()))?;
    things.resource("enquiry", ResourceType::host::<EnquiryThing>(), |_, _| Ok(()))?;
    link_contact(things)?;
    link_row(things)?;
    link_merge(things)?;
    link_enquiry(things)
}

fn link_contact(things: &mut Things<'_>) -> Result<()> {
    reads::<ContactThing>(things, "contact.get", |data, number, name| match number {
        Found::IN_HAND => Ok(contact(data)?.sheet.get(name)),
        Found::BEFORE => Ok(contact(data)?.before_get(name)),
        _ => {
            let found = data.found.get(number)?;
            Ok(readable(data, name).map(|key| found.get(&key)))
        }
    })?;
    reads_all::<ContactThing>(things, "contact.values", |data, number, name| match number {
        Found::IN_HAND => Ok(contact(data)?.sheet.values(name)),
        Found::BEFORE => Ok(contact(data)?.before_values(name)),
        _ => {
            let found = data.found.get(number)?;
            Ok(readable(data, name).map(|key| found.values(&key)))
        }
    })?;
    writes::<ContactThing>(things, "contact.set", |subject, n, f, v| Ok(contact_mut(subject, n, f)?.sheet.set(f, v)))?;
    writes::<ContactThing>(things, "contact.add", |subject, n, f, v| Ok(contact_mut(subject, n, f)?.sheet.add(f, v)))?;
    writes::<ContactThing>(things, "contact.remove", |subject, n, f, v| {
        Ok(contact_mut(subject, n, f)?.sheet.remove(f, v))
    })?;
    things.func_wrap("[method]contact.id", |mut store: Ctx<'_>, (this,): (Resource<ContactThing>,)| {
        store.data_mut().count()?;
        let data = store.data();
        let id = match this.rep() {
            Found::IN_HAND | Found::BEFORE => contact(data)?.sheet.draft().contact.id,
            number => data.found.get(number)?.id,
        };
        Ok((id.to_string(),))
    })
}

fn link_row(things: &mut Things<'_>) -> Result<()> {
    reads::<RowThing>(things, "row.get", |data, _, name| Ok(row(data)?.get(name).map(|cell| cell.map(Cow::Borrowed))))?;
    writes::<RowThing>(things, "row.set", |subject, _, name, value| match subject {
        Subject::Row(row) => Ok(row.set(name, value)),
        _ => Err(stale().into()),
    })?;
    type This = (Resource<RowThing>,);
    things.func_wrap("[method]row.headers", |mut store: Ctx<'_>, _: This| {
        store.data_mut().count()?;
        Ok((row(store.data())?.columns().headers().to_vec(),))
    })?;
    things.func_wrap("[method]row.number", |mut store: Ctx<'_>, _: This| {
        store.data_mut().count()?;
        Ok((row(store.data())?.record(),))
    })?;
    things.func_wrap("[method]row.line", |mut store: Ctx<'_>, _: This| {
        store.data_mut().count()?;
        Ok((row(store.data())?.line(),))
    })
}

fn link_merge(things: &mut Things<'_>) -> Result<()> {
    reads::<MergeThing>(things, "merge.master", |data, _, name| Ok(merge(data)?.side_get(Side::Master, name)))?;
    reads::<MergeThing>(things, "merge.other", |data, _, name| Ok(merge(data)?.side_get(Side::Other, name)))?;
    reads::<MergeThing>(things, "merge.get", |data, _, name| Ok(merge(data)?.result.get(name)))?;
    reads_all::<MergeThing>(things, "merge.master-values", |data, _, n| Ok(merge(data)?.side_values(Side::Master, n)))?;
    reads_all::<MergeThing>(things, "merge.other-values", |data, _, n| Ok(merge(data)?.side_values(Side::Other, n)))?;
    reads_all::<MergeThing>(things, "merge.values", |data, _, name| Ok(merge(data)?.result.values(name)))?;
    writes::<MergeThing>(things, "merge.set", |subject, _, name, value| {
        Ok(merge_mut(subject)?.result.set(name, value))
    })?;
    writes::<MergeThing>(things, "merge.add", |subject, _, name, value| {
        Ok(merge_mut(subject)?.result.add(name, value))
    })?;
    writes::<MergeThing>(things, "merge.remove", |subject, _, n, value| Ok(merge_mut(subject)?.result.remove(n, value)))
}

fn link_enquiry(things: &mut Things<'_>) -> Result<()> {
    reads::<EnquiryThing>(things, "enquiry.get", |data, _, name| Ok(enquiry(data)?.get(name)))?;
    reads::<EnquiryThing>(things, "enquiry.contact-get", |data, _, name| Ok(enquiry(data)?.contact_get(name)))?;
    reads_all::<EnquiryThing>(things, "enquiry.contact-values", |data, _, n| Ok(enquiry(data)?.contact_values(n)))?;
    writes::<EnquiryThing>(things, "enquiry.contact-set", |subject, _, name, value| {
        Ok(enquiry_mut(subject)?.contact_mut(name).and_then(|contact| contact.set(name, value)))
    })?;
    writes::<EnquiryThing>(things, "enquiry.contact-add", |subject, _, name, value| {
        Ok(enquiry_mut(subject)?.contact_mut(name).and_then(|contact| contact.add(name, value)))
    })?;
    writes::<EnquiryThing>(things, "enquiry.contact-remove", |subject, _, name, value| {
        Ok(enquiry_mut(subject)?.contact_mut(name).and_then(|contact| contact.remove(name, value)))
    })?;
    writes::<EnquiryThing>(things, "enquiry.set-attribute", |subject, _, key, value| {
        Ok(enquiry_mut(subject)?.set_attribute(key, value))
    })?;
    type This = Resource<EnquiryThing>;
    things.func_wrap("[method]enquiry.suppress-survey", |mut store: Ctx<'_>, (_, reason): (This, WasmStr)| {
        edit(&mut store, |store, subject| Ok(enquiry_mut(subject)?.suppress_survey(&reason.to_str(store)?)))
    })?;
    things.func_wrap("[method]enquiry.has-contact", |mut store: Ctx<'_>, _: (This,)| {
        store.data_mut().count()?;
        Ok((enquiry(store.data())?.contact().is_some(),))
    })?;
    things.func_wrap("[method]enquiry.surveys-within-days", |mut store: Ctx<'_>, (_, days): (This, u32)| {
        store.data_mut().count()?;
        Ok((enquiry(store.data())?.surveys_within_days(days),))
    })
}

/// Notes what a guest asks for whose own functions nobody sees.
fn note(store: &mut Ctx<'_>, method: &'static str, name: &WasmStr) -> Result<()> {
    if store.data().is_interpreted {
        let name = short(&name_in(name, store)?).to_owned();
        store.data_mut().call.asked = Some((method, name));
    }
    Ok(())
}

/// Links a method that reads one text by name.
fn reads<T: 'static>(
    things: &mut Things<'_>,
    method: &'static str,
    read: for<'a> fn(&'a Data, u32, &str) -> Result<Text<'a>>,
) -> Result<()> {
    let run = move |mut store: Ctx<'_>, (this, name): (Resource<T>, WasmStr)| -> Result<Refusable<Option<String>>> {
        store.data_mut().count()?;
        note(&mut store, method, &name)?;
        let name = name_in(&name, &store)?;
        let text = read(store.data(), this.rep(), &name)?.map(|text| text.map(Cow::into_owned));
        Ok((text.map_err(|refusal| store.data_mut().refuse(refusal)),))
    };
    things.func_wrap(&format!("[method]{method}"), run)
}

/// Links a method that reads all texts by name.
fn reads_all<T: 'static>(
    things: &mut Things<'_>,
    method: &'static str,
    read: for<'a> fn(&'a Data, u32, &str) -> Result<Texts<'a>>,
) -> Result<()> {
    let run = move |mut store: Ctx<'_>, (this, name): (Resource<T>, WasmStr)| -> Result<Refusable<Vec<String>>> {
        store.data_mut().count()?;
        note(&mut store, method, &name)?;
        let name = name_in(&name, &store)?;
        let texts = read(store.data(), this.rep(), &name)?;
        let texts = texts.map(|texts| texts.into_iter().map(Cow::into_owned).collect());
        Ok((texts.map_err(|refusal| store.data_mut().refuse(refusal)),))
    };
    things.func_wrap(&format!("[method]{method}"), run)
}

/// Links a method that writes a text by name.
fn writes<T: 'static>(
    things: &mut Things<'_>,
    method: &'static str,
    write: fn(&mut Subject, u32, &str, &str) -> Result<Edited>,
) -> Result<()> {
    let run = move |mut store: Ctx<'_>, (this, name, value): (Resource<T>, WasmStr, WasmStr)| {
        note(&mut store, method, &name)?;
        edit(&mut store, |store, subject| write(subject, this.rep(), &name_in(&name, store)?, &value.to_str(store)?))
    };
    things.func_wrap(&format!("[method]{method}"), run)
}

/// Edits the subject with texts that are still in the guest's memory: it is taken out of the store while the store is read.
fn edit(store: &mut Ctx<'_>, write: impl FnOnce(&Ctx<'_>, &mut Subject) -> Result<Edited>) -> Result<Refusable<()>> {
    store.data_mut().count()?;
    let mut subject = store.data_mut().subject.take().ok_or_else(stale)?;
    let edited = write(store, &mut subject);
    let data = store.data_mut();
    data.subject = Some(subject);
    match edited {
        Ok(Ok(())) => Ok((Ok(()),)),
        Ok(Err(EditError::Refused(refusal))) => {
            data.count_refusal()?;
            Ok((Err(data.refuse(refusal)),))
        }
        Ok(Err(EditError::TooMany(limit))) => {
            Err(Fault::over(FaultKind::Edits, format!("asked for more than {limit} edits")).into())
        }
        Err(error) => Err(error),
    }
}

/// Reads a name where it lies in the guest's memory.
fn name_in<'a>(name: &WasmStr, store: &'a Ctx<'_>) -> Result<Cow<'a, str>> {
    let name = name.to_str(store)?;
    if name.len() <= NAME_BYTES {
        return Ok(name);
    }
    Err(Fault::new(FaultKind::Output, format!("used a name of {} bytes, more than {NAME_BYTES}", name.len())).into())
}

/// Cuts a text for repeating it in a message.
pub(super) fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(100)]
}

/// Found contacts are read under the same grants as the thing in hand.
fn readable(data: &Data, name: &str) -> std::result::Result<FieldKey, Refusal> {
    if let Some(subject) = &data.subject {
        subject.may_read(name)?;
    }
    FieldKey::parse(name).map_err(|invalid| Refusal {
        code: Cow::Borrowed(invalid.code),
        field: name.to_owned(),
        message: invalid.message,
        hint: invalid.hint,
    })
}

fn contact(data: &Data) -> Result<&ContactHand> {
    match &data.subject {
        Some(Subject::Contact(contact)) => Ok(contact),
        _ => Err(stale().into()),
    }
}

/// Only the contact in hand may be written.
fn contact_mut<'a>(subject: &'a mut Subject, number: u32, field: &str) -> Result<&'a mut ContactHand> {
    match subject {
        Subject::Contact(contact) if number == Found::IN_HAND => Ok(contact),
        _ => Err(Fault::new(FaultKind::Trap, format!("wrote `{}` of a contact that is not in hand", short(field)))
            .hint("what the contact was before, and contacts found by `lookup`, can only be read")
            .into()),
    }
}

fn row(data: &Data) -> Result<&RowHand> {
    match &data.subject {
        Some(Subject::Row(row)) => Ok(row),
        _ => Err(stale().into()),
    }
}

fn merge(data: &Data) -> Result<&MergeHand> {
    match &data.subject {
        Some(Subject::Merge(merge)) => Ok(merge),
        _ => Err(stale().into()),
    }
}

fn merge_mut(subject: &mut Subject) -> Result<&mut MergeHand> {
    match subject {
        Subject::Merge(merge) => Ok(merge),
        _ => Err(stale().into()),
    }
}

fn enquiry(data: &Data) -> Result<&EnquiryHand> {
    match &data.subject {
        Some(Subject::Enquiry(enquiry)) => Ok(enquiry),
        _ => Err(stale().into()),
    }
}

fn enquiry_mut(subject: &mut Subject) -> Result<&mut EnquiryHand> {
    match subject {
        Subject::Enquiry(enquiry) => Ok(enquiry),
        _ => Err(stale().into()),
    }
}
