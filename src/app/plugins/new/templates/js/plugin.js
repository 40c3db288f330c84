// {{description}}.
//
// The world in wit/world.wit says which hooks this plugin has, and what it may ask for. A hook gets the thing in hand, reads what
// it wants, and writes its wishes; nothing changes until every plugin has spoken. There are no files, no network and no clock.
{{if on_create}}

import * as config from 'carnet:plugin/config@0.1.0';
{{end}}
{{if on_import_row}}

// Leaves test rows out, and takes `mailto:` off e-mail addresses that were copied from a web page.
export const onImportRow = {
  importRow(row) {
    return verdict(() => {
      if (row.get('last_name') === 'Test') return { tag: 'skip', val: 'a test row' };
      const email = row.get('email') ?? '';
      if (email.startsWith('mailto:')) row.set('email', email.slice('mailto:'.length));
    });
  },
};
{{end}}
{{if on_create}}

// Labels contacts that have a company; which label is a setting.
export const onCreate = {
  create(contact) {
    return verdict(() => {
      if (contact.get('company')) contact.add('labels', config.get('label') ?? '');
    });
  },
};
{{end}}
{{if on_update}}

// Who moves to another company leaves the job title behind, unless a new one is given.
export const onUpdate = {
  update(contact, before) {
    return verdict(() => {
      const company = before.get('company');
      const moved = company && company !== contact.get('company');
      if (moved && before.get('job_title') === contact.get('job_title')) contact.set('job_title', '');
    });
  },
};
{{end}}
{{if on_delete}}

// A VIP is not deleted.
export const onDelete = {
  delete(contact) {
    return verdict(() => {
      if (contact.values('labels').includes('VIP')) {
        return reject('labels', 'VIP_STAYS', 'a contact labelled VIP is not deleted', 'take the label off first');
      }
    });
  },
};
{{end}}
{{if on_merge}}

// Two birth dates are two people. One that is missing says nothing.
export const onMerge = {
  mergeContacts(merge) {
    return verdict(() => {
      const [master, other] = [merge.master('birth_date'), merge.other('birth_date')];
      if (master && other && master !== other) {
        const hint = 'correct one of them first, if it is one person';
        return reject('birth_date', 'BIRTH_DATES_DIFFER', 'the birth dates differ', hint);
      }
    });
  },
};
{{end}}
{{if on_enquiry}}

// Whoever was missed is called back, and gets no survey about it.
export const onEnquiry = {
  takeEnquiry(enquiry) {
    return verdict(() => {
      if (enquiry.get('status') !== 'missed') return;
      enquiry.suppressSurvey('nobody answered');
      if (enquiry.hasContact()) enquiry.contactAdd('labels', 'Call back');
    });
  },
};
{{end}}

// Accepts what ends without a verdict of its own. A refused read or write is thrown, with a payload of `code`, `field`, `message` and
// `hint`: it becomes a problem of the record. Anything else that is thrown is a fault of the plugin.
function verdict(decide) {
  try {
    return decide() ?? { tag: 'accept' };
  } catch (error) {
    if (error?.payload?.code === undefined) throw error;
    const { field, code, message, hint } = error.payload;
    return reject(field, code, message, hint);
  }
}

function reject(field, code, message, hint) {
  return { tag: 'reject', val: [{ field, code, message, hint }] };
}
