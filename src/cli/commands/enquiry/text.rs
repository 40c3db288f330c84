//! Enquiries for people: what an agent can take in while the phone rings, the best things first.

use crate::app::enquiry::{Activity, Candidate, ScreenPop};
use crate::app::wire::time;
use crate::cli::commands::contact::entry_text;
use crate::cli::print::table;
use crate::domain::contact::{Contact, Phone};
use crate::domain::engagement::Engagement;
use crate::domain::enquiry::{Enquiry, Sender, SurveyDecision, Visit};
use crate::domain::field::Field;

/// How much of what happened lately is shown.
const LATELY: usize = 6;

/// The agent's view.
pub(super) fn screen_pop(pop: &ScreenPop) -> String {
    let mut text = format!("{}\n", who(pop));
    if let Some(contact) = &pop.contact {
        text.extend(what(contact).map(|line| format!("{line}\n")));
    }
    text.push_str(&format!("{}\n\n{}", asked(&pop.enquiry), table(&details(pop))));
    section(&mut text, if pop.contact.is_some() { "could be the same person" } else { "could be" }, candidates(pop));
    let notes = pop.contact_notes.iter().map(|note| format!("{} ({}, {})\n", note.text, note.by, time(note.at)));
    section(&mut text, "notes", notes.collect());
    section(&mut text, "lately", table(&lately(pop)));
    section(&mut text, "last changes", pop.changes.iter().map(entry_text).collect());
    section(&mut text, "what was said", pop.transcript.clone().unwrap_or_default());
    text
}

fn section(text: &mut String, head: &str, body: String) {
    if !body.is_empty() {
        text.push_str(&format!("\n{head}\n{body}"));
    }
}

fn who(pop: &ScreenPop) -> String {
    if pop.restricted {
        return "a contact that is not yours to see".to_owned();
    }
    match (&pop.contact, &pop.enquiry.contact_name, pop.candidates.len()) {
        (Some(contact), ..) => {
            let labels =
                contact.joined(&Field::Labels.into()).map_or_else(String::new, |labels| format!("  [{labels}]"));
            format!("{}{labels}", contact.display_name())
        }
        (None, Some(name), _) => format!("{name} (deleted)"),
        (None, None, 0) => "nobody known".to_owned(),
        (None, None, 1) => "nobody yet: 1 contact could be meant".to_owned(),
        (None, None, many) => format!("nobody yet: {many} contacts could be meant"),
    }
}

/// What the person is: `Head of Sales, Acme · customer · zh-Hant`.
fn what(contact: &Contact) -> Option<String> {
    let place = [&contact.job_title, &contact.department, &contact.company].into_iter().flatten();
    let organization = contact.organization.as_ref().map(|name| name.as_str());
    let company = contact.company.as_deref();
    let place = place.map(String::as_str).chain(organization.filter(|name| Some(*name) != company));
    let place = place.collect::<Vec<_>>().join(", ");
    let kind = format!("{} {}", contact.level, contact.kind);
    let language = contact.language.as_ref().map(|language| language.as_str());
    let parts = [Some(place.as_str()), Some(kind.as_str()), language];
    let parts: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

fn asked(enquiry: &Enquiry) -> String {
    let staff = enquiry.staff.as_ref().map_or_else(String::new, |staff| format!(" by {staff}"));
    let subject = enquiry.subject.as_ref().map_or_else(String::new, |subject| format!(": {subject}"));
    // Who it is from is not everybody's to know.
    let from = match sender(&enquiry.from) {
        from if from.is_empty() => String::new(),
        from => format!(", from {from}"),
    };
    format!("{} {} {}{staff}{from}{subject}", enquiry.channel, enquiry.id, enquiry.status)
}

fn details(pop: &ScreenPop) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            rows.push(vec![name.to_owned(), value]);
        }
    };
    if let Some(contact) = &pop.contact {
        let joined = |parts: Vec<String>| parts.join("; ");
        row("phone", joined(contact.phones.iter().map(phone).collect()));
        row("e-mail", joined(contact.emails.iter().map(|mail| mail.address.clone()).collect()));
        let socials = contact.socials.iter().map(|social| format!("{} {}", social.channel, social.handle));
        row("social", joined(socials.collect()));
        row(
            "custom",
            joined(contact.custom.iter().map(|(key, value)| format!("{key}: {}", one_line(value))).collect()),
        );
        row("link", contact.external_url.clone().unwrap_or_default());
    }
    let attributes = pop.enquiry.attributes.iter().map(|(key, value)| format!("{key}: {}", one_line(value)));
    row("noted", attributes.collect::<Vec<_>>().join("; "));
    row("survey", pop.survey.as_ref().map(survey_text).unwrap_or_default());
    row("device", pop.enquiry.device.clone().unwrap_or_default());
    row("pages", pop.visits.iter().map(page).collect::<Vec<_>>().join("; "));
    if pop.enquiry.transcript_bytes > 0 && pop.transcript.is_none() {
        row(
            "said",
            format!("{} bytes; `carnet enquiry show {}` prints it", pop.enquiry.transcript_bytes, pop.enquiry.id),
        );
    }
    row("you may", may(pop).to_owned());
    row("contact", pop.contact.as_ref().map(|contact| contact.id.to_string()).unwrap_or_default());
    rows
}

const fn may(pop: &ScreenPop) -> &'static str {
    match (pop.permissions.view, pop.permissions.edit, pop.contact.is_some()) {
        (true, true, true) => "view and edit the contact",
        (true, true, false) => "create the contact",
        (true, false, true) => "view the contact",
        _ => "",
    }
}

fn phone(phone: &Phone) -> String {
    let silent = if phone.sms { "" } else { ", no sms" };
    format!("{} ({}{silent})", phone.dialled(), phone.kind)
}

fn candidates(pop: &ScreenPop) -> String {
    let row = |candidate: &Candidate| {
        let Candidate { contact, score, reasons } = candidate;
        let score = score.map_or_else(String::new, |score| format!(" ({score})"));
        vec![format!("  {}", contact.id), contact.display_name(), format!("{}{score}", reasons.join(", "))]
    };
    table(&pop.candidates.iter().map(row).collect::<Vec<_>>())
}

/// What happened lately, the newest first, whatever it was; all of it is told by `carnet contact activity`.
fn lately(pop: &ScreenPop) -> Vec<Vec<String>> {
    let activity = &pop.activity;
    let enquiries = activity.enquiries.iter().map(|enquiry| {
        let subject = enquiry.subject.clone().unwrap_or_default();
        (
            enquiry.opened_at,
            format!("enquiry {} {}", enquiry.id, enquiry.status),
            format!("{} {subject}", enquiry.channel),
        )
    });
    let engagements = activity.engagements.iter().map(|it| (it.at, said(it), it.text.clone().unwrap_or_default()));
    // The enquiry's own pages are told with it.
    let visits = activity.visits.iter().filter(|visit| visit.enquiry != Some(pop.enquiry.id));
    let visits = visits.map(|visit| (visit.at, "visited".to_owned(), page(visit)));
    let mut all: Vec<_> = enquiries.chain(engagements).chain(visits).collect();
    all.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
    all.into_iter()
        .take(LATELY)
        .map(|(at, what, more)| vec![format!("  {}", time(at)), what, one_line(&more)])
        .collect()
}

fn said(engagement: &Engagement) -> String {
    format!("{} to {} by {}", engagement.kind, engagement.number, engagement.by)
}

fn page(visit: &Visit) -> String {
    visit.title.as_ref().map_or_else(|| visit.url.clone(), |title| format!("{title} ({})", visit.url))
}

/// A survey decision in words.
pub(in crate::cli::commands) fn survey_text(decision: &SurveyDecision) -> String {
    match decision {
        SurveyDecision::Send => "may be sent".to_owned(),
        SurveyDecision::Suppress(reason) => format!("suppressed, {}", one_line(reason)),
    }
}

fn sender(from: &Sender) -> String {
    let parts: Vec<&str> =
        [&from.name, &from.phone, &from.email, &from.handle].into_iter().flatten().map(String::as_str).collect();
    parts.join(", ")
}

/// Enquiries, one a line.
pub(super) fn list(enquiries: &[Enquiry]) -> String {
    let row = |enquiry: &Enquiry| {
        let size = match enquiry.transcript_bytes {
            0 => String::new(),
            bytes => format!("{bytes} bytes said"),
        };
        vec![
            enquiry.id.to_string(),
            enquiry.status.to_string(),
            enquiry.channel.to_string(),
            time(enquiry.opened_at),
            sender(&enquiry.from),
            enquiry.contact_name.clone().unwrap_or_else(|| "–".to_owned()),
            enquiry.staff.as_ref().map(ToString::to_string).unwrap_or_default(),
            enquiry.subject.clone().unwrap_or_default(),
            size,
        ]
    };
    table(&enquiries.iter().map(row).collect::<Vec<_>>())
}

/// What happened with a contact, each kind on its own.
pub(super) fn activity(activity: &Activity) -> String {
    let engagement = |it: &Engagement| vec![time(it.at), said(it), one_line(it.text.as_deref().unwrap_or_default())];
    let visit = |it: &Visit| vec![time(it.at), page(it)];
    let lists = [
        ("enquiries", list(&activity.enquiries)),
        ("calls and text messages", table(&activity.engagements.iter().map(engagement).collect::<Vec<_>>())),
        ("pages visited", table(&activity.visits.iter().map(visit).collect::<Vec<_>>())),
    ];
    let told = lists.map(|(head, body)| match &*body {
        "" => format!("{head}: none\n"),
        body => format!("{head}\n{body}"),
    });
    told.join("\n")
}

/// What plugins and people write may have lines; here it has one.
fn one_line(text: &str) -> String {
    text.trim().replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::{DateTime, Utc};
    use insta::assert_snapshot;

    use super::*;
    use crate::app::enquiry::Permissions;
    use crate::domain::contact::Stamp;
    use crate::domain::engagement::EngagementKind;
    use crate::domain::enquiry::{Channel, EnquiryStatus};
    use crate::domain::field::FieldKey;
    use crate::domain::id::ContactId;
    use crate::domain::name::Name;
    use crate::domain::rules::Rules;
    use crate::store::{Action, Actor, ChangeEntry};

    fn time(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600 + minutes * 60, 0).unwrap()
    }

    fn contact(number: u8, fields: &[(&str, &str)]) -> Contact {
        let mut contact =
            Contact::new(ContactId::from_bytes([number; 16]), Stamp { at: time(0), by: Arc::from("cli") });
        for (name, value) in fields {
            contact.set(&FieldKey::parse(name).unwrap(), value, &Rules::for_tests()).unwrap();
        }
        contact
    }

    fn pop(enquiry: Enquiry) -> ScreenPop {
        ScreenPop {
            organization: None,
            contact_notes: Vec::new(),
            enquiry,
            visits: Vec::new(),
            transcript: None,
            contact: None,
            restricted: false,
            candidates: Vec::new(),
            changes: Vec::new(),
            activity: Activity::default(),
            fields: Vec::new(),
            survey: Some(SurveyDecision::Send),
            permissions: Permissions { view: true, edit: false },
            notes: Vec::new(),
        }
    }

    #[test]
    fn the_best_things_come_first() {
        let from = Sender { phone: Some("+85291234567".to_owned()), ..Sender::default() };
        let mut enquiry = Enquiry::new(Channel::Call, from, time(60));
        enquiry.id = 12;
        enquiry.take_on(EnquiryStatus::Handling, time(61));
        enquiry.staff = Some(Name::parse("Bob Ho").unwrap());
        enquiry.subject = Some("Refund".to_owned());
        enquiry.transcript_bytes = 2048;
        enquiry.attributes.insert("queue".to_owned(), "gold\nfirst".to_owned());
        let earlier = Enquiry {
            id: 9,
            subject: Some("Invoice".to_owned()),
            ..Enquiry::new(Channel::Email, Sender::default(), time(5))
        };
        let mut ann = contact(
            1,
            &[
                ("first_name", "Ann"),
                ("last_name", "Lee"),
                ("labels", "VIP; Caller"),
                ("job_title", "Head of Sales"),
                ("company", "Acme"),
                ("language", "zh-Hant"),
                ("type", "customer"),
                ("mobile", "+85291234567"),
                ("work_phone", "+85221234567"),
                ("email", "ann@example.com"),
                ("line", "ann.lee"),
                ("external_url", "https://crm.example.com/17"),
                ("custom.tier", "gold"),
            ],
        );
        ann.phones[1].sms = false;
        let engagement = Engagement {
            id: 1,
            contact: ann.id,
            kind: EngagementKind::Sms,
            number: "+85291234567".to_owned(),
            text: Some("your order\nis ready".to_owned()),
            at: time(30),
            by: "Bob Ho".to_owned(),
        };
        let visit = |enquiry| Visit {
            enquiry: Some(enquiry),
            at: time(59),
            url: "https://example.com/prices".to_owned(),
            title: Some("Prices".to_owned()),
        };
        let pop = ScreenPop {
            visits: vec![visit(12)],
            candidates: vec![Candidate {
                contact: contact(2, &[("last_name", "Li")]),
                score: Some(90),
                reasons: vec!["same phone +85291234567".to_owned()],
            }],
            changes: vec![ChangeEntry {
                at: time(0),
                actor: Actor::Import(3),
                action: Action::Created,
                rev: 1,
                fields: Vec::new(),
            }],
            activity: Activity {
                enquiries: vec![earlier],
                engagements: vec![engagement],
                visits: vec![visit(12), visit(9)],
            },
            survey: Some(SurveyDecision::Suppress("the contact opted out of surveys".to_owned())),
            permissions: Permissions { view: true, edit: true },
            contact: Some(ann),
            ..pop(enquiry)
        };
        assert_snapshot!(screen_pop(&pop), @r"
        Ann Lee  [Caller; VIP]
        Head of Sales, Acme · primary customer · zh-Hant
        call 12 handling by Bob Ho, from +85291234567: Refund

        phone    +85291234567 (mobile); +85221234567 (work, no sms)
        e-mail   ann@example.com
        social   line ann.lee
        custom   tier: gold
        link     https://crm.example.com/17
        noted    queue: gold first
        survey   suppressed, the contact opted out of surveys
        pages    Prices (https://example.com/prices)
        said     2048 bytes; `carnet enquiry show 12` prints it
        you may  view and edit the contact
        contact  01010101-0101-0101-0101-010101010101

        could be the same person
          02020202-0202-0202-0202-020202020202  Li  same phone +85291234567 (90)

        lately
          2026-01-01T00:59:00Z  visited                        Prices (https://example.com/prices)
          2026-01-01T00:30:00Z  sms to +85291234567 by Bob Ho  your order is ready
          2026-01-01T00:05:00Z  enquiry 9 open                 email Invoice

        last changes
        2026-01-01T00:00:00Z  created by import 3 (revision 1)
        ");
    }

    #[test]
    fn nobody_is_told_in_as_many_words() {
        let enquiry =
            Enquiry::new(Channel::Call, Sender { phone: Some("anonymous".to_owned()), ..Sender::default() }, time(0));
        let first = |pop: &ScreenPop| screen_pop(pop).lines().next().unwrap_or_default().to_owned();
        assert_eq!(first(&pop(enquiry.clone())), "nobody known");
        assert_eq!(
            first(&ScreenPop { restricted: true, ..pop(enquiry.clone()) }),
            "a contact that is not yours to see"
        );
        let deleted = Enquiry { contact_name: Some("Ann Lee".to_owned()), ..enquiry };
        assert_eq!(first(&pop(deleted)), "Ann Lee (deleted)");
    }
}
