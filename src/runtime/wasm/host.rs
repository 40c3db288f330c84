//! The functions that every guest may import beside the things in hand: `log` and `config`, and by grant `lookup` and `state`.

use wasmtime::component::{Linker, Resource, WasmList, WasmStr};
use wasmtime::{Result, StoreContextMut};

use crate::plugin::fault::{Fault, FaultKind};
use crate::plugin::package::{ConfigValue, Grants};
use crate::plugin::service::{LOOKUP_BYTES, LookupKey, STATE_KEY_BYTES, StateWrite, check_state_write};

use super::data::Data;
use super::types::{ContactThing, GuestLevel, GuestRefusal};
use super::{name_of, things};

/// Most contacts that one search may return.
const MAX_LIMIT: u32 = 20;

type Ctx<'a> = StoreContextMut<'a, Data>;

/// Links what a package was granted.
pub(super) fn link(linker: &mut Linker<Data>, grants: Grants) -> Result<()> {
    things::link(&mut linker.instance(&name_of("things"))?)?;
    linker.instance(&name_of("types"))?;
    linker.instance(&name_of("log"))?.func_wrap("write", write_log)?;
    let mut config = linker.instance(&name_of("config"))?;
    config.func_wrap("get", get_config)?;
    config.func_wrap("get-list", get_config_list)?;
    if grants.lookup {
        linker.instance(&name_of("lookup"))?.func_wrap("find", find)?;
    }
    if grants.state {
        let mut state = linker.instance(&name_of("state"))?;
        state.func_wrap("get", get_state)?;
        state.func_wrap("set", set_state)?;
        state.func_wrap("remove", remove_state)?;
    }
    Ok(())
}

fn write_log(mut store: Ctx<'_>, (level, text): (GuestLevel, String)) -> Result<()> {
    let data = store.data_mut();
    data.count()?;
    Ok(data.log(level.into(), text)?)
}

fn get_config(mut store: Ctx<'_>, (key,): (WasmStr,)) -> Result<(Option<String>,)> {
    store.data_mut().count()?;
    let key = key.to_str(&store)?;
    Ok((store.data().config.get(&*key).map(ToString::to_string),))
}

fn get_config_list(mut store: Ctx<'_>, (key,): (WasmStr,)) -> Result<(Vec<String>,)> {
    store.data_mut().count()?;
    let key = key.to_str(&store)?;
    let items = match store.data().config.get(&*key) {
        Some(ConfigValue::List(items)) => items.clone(),
        Some(value) => vec![value.to_string()],
        None => Vec::new(),
    };
    Ok((items,))
}

type FoundContacts = std::result::Result<Vec<Resource<ContactThing>>, GuestRefusal>;

fn find(mut store: Ctx<'_>, (by, value, limit): (String, String, u32)) -> Result<(FoundContacts,)> {
    let data = store.data_mut();
    data.count()?;
    if value.len() > LOOKUP_BYTES {
        let message =
            format!("a text of {} bytes is longer than the {LOOKUP_BYTES} to look contacts up by", value.len());
        let refusal = GuestRefusal::new("LOOKUP_VALUE", things::short(&by), message, "look for less");
        return Ok((Err(data.refuse(refusal)),));
    }
    let Some(key) = LookupKey::parse(&by, &value) else {
        let message = format!("contacts cannot be looked up by `{}`", things::short(&by));
        let hint = "use `email`, `phone`, `external_id` or `name`";
        let refusal = GuestRefusal::new("LOOKUP_KEY", things::short(&by), message, hint);
        return Ok((Err(data.refuse(refusal)),));
    };
    if let Some(Err(refusal)) = data.subject.as_ref().map(|subject| subject.may_look_up(&key)) {
        return Ok((Err(data.refuse(refusal)),));
    }
    let Some(lookup) = &data.services.lookup else { return Ok((Ok(Vec::new()),)) };
    let limit = limit.clamp(1, MAX_LIMIT) as usize;
    let mut found = lookup.find(&key, limit).map_err(|message| Fault::new(FaultKind::Engine, message))?;
    found.truncate(limit);
    let lend = |contact| Ok(Resource::new_own(data.found.keep(contact)?));
    Ok((Ok(found.into_iter().map(lend).collect::<Result<_>>()?),))
}

fn get_state(mut store: Ctx<'_>, (key,): (String,)) -> Result<(Option<Vec<u8>>,)> {
    let data = store.data_mut();
    data.count()?;
    Ok((remembered(data, &key),))
}

/// Reads what this call wrote before what is stored.
fn remembered(data: &Data, key: &str) -> Option<Vec<u8>> {
    match data.call.state.iter().find(|write| write.key == key) {
        Some(write) => write.value.clone(),
        None => data.services.state.as_ref().and_then(|state| state.get(&data.identity.name, key)),
    }
}

fn set_state(
    mut store: Ctx<'_>,
    (key, value): (String, WasmList<u8>),
) -> Result<(std::result::Result<(), GuestRefusal>,)> {
    store.data_mut().count()?;
    let value = value.as_le_slice(&store).to_vec();
    let data = store.data_mut();
    data.count_state_write(&key)?;
    Ok((remember(data, StateWrite { key, value: Some(value) }),))
}

fn remove_state(mut store: Ctx<'_>, (key,): (String,)) -> Result<()> {
    let data = store.data_mut();
    data.count()?;
    data.count_state_write(&key)?;
    // A key that cannot be set cannot be there either.
    let _ = remember(data, StateWrite { key, value: None });
    Ok(())
}

/// Notes a write, one for each key.
fn remember(data: &mut Data, write: StateWrite) -> std::result::Result<(), GuestRefusal> {
    let before = remembered(data, &write.key).map_or(0, |value| write.key.len() + value.len());
    let stored = || data.services.state.as_ref().map_or(0, |state| state.size(&data.identity.name));
    let others = data.call.state_size.unwrap_or_else(stored).saturating_sub(before);
    if let Err(message) = check_state_write(&write, others) {
        let too_long = write.key.is_empty() || write.key.len() > STATE_KEY_BYTES;
        let code = if too_long { "STATE_KEY" } else { "STATE_FULL" };
        let hint = "shorten the key or remove old ones";
        return Err(data.refuse(GuestRefusal::new(code, things::short(&write.key), message, hint)));
    }
    data.call.state_size = Some(others + write.value.as_ref().map_or(0, |value| write.key.len() + value.len()));
    match data.call.state.iter_mut().find(|known| known.key == write.key) {
        Some(known) => known.value = write.value,
        None => data.call.state.push(write),
    }
    Ok(())
}
