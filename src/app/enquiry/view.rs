//! The agent's view: the enquiry, everything about its contact and who else it could be, in one answer. A contact that the viewer may not
//! see is left out whole.

use super::guard::Insight;
use super::matching::Candidate;
use crate::app::App;
use crate::app::failure::Failure;
use crate::domain::contact::Contact;
use crate::domain::engagement::Engagement;
use crate::domain::enquiry::{Enquiry, EnquiryStatus, Sender, SurveyDecision, Visit};
use crate::domain::id::ContactId;
use crate::domain::note::{Note, NoteOn};
use crate::domain::organization::Organization;
use crate::domain::permission::{Right, Viewer};
use crate::store::{ChangeEntry, ChangedField};

/// How much of each kind of activity is shown with an enquiry.
const RECENT: usize = 5;

/// Pages of the enquiry itself that are shown with it.
const PAGES: usize = 20;

/// What the agent gets: the enquiry, and everything about its contact.
#[derive(Debug)]
pub struct ScreenPop {
    /// The enquiry, without what the viewer may not know.
    pub enquiry: Enquiry,
    /// Pages told with it, newest first.
    pub visits: Vec<Visit>,
    /// What was said, where the whole enquiry is asked for.
    pub transcript: Option<String>,
    /// The contact that it is linked with, after plugins.
    pub contact: Option<Contact>,
    /// Whether there is a contact that the viewer may not see.
    pub restricted: bool,
    /// The organization that the contact belongs to.
    pub organization: Option<Organization>,
    /// The newest notes on the contact.
    pub contact_notes: Vec<Note>,
    /// Who else it could be from.
    pub candidates: Vec<Candidate>,
    /// The contact's newest changes.
    pub changes: Vec<ChangeEntry>,
    /// What happened with the contact lately, this enquiry left out.
    pub activity: Activity,
    /// What was changed in the contact.
    pub fields: Vec<ChangedField>,
    /// Whether a survey may follow, as things stand; of a contact that the viewer may not see, only what was decided in the end, and
    /// only in an enquiry of their own.
    pub survey: Option<SurveyDecision>,
    /// What the viewer may do with the contact here.
    pub permissions: Permissions,
    /// Things to know: plugins that failed and were passed over, edits of theirs that were dropped.
    pub notes: Vec<String>,
}

/// What happened with a contact and those merged into it, each list newest first.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Activity {
    /// Its enquiries.
    pub enquiries: Vec<Enquiry>,
    /// Calls and text messages to it.
    pub engagements: Vec<Engagement>,
    /// Its journey: pages visited.
    pub visits: Vec<Visit>,
}

/// What hangs on a contact.
#[derive(Default)]
struct Held {
    organization: Option<Organization>,
    notes: Vec<Note>,
    changes: Vec<ChangeEntry>,
    activity: Activity,
}

/// What may be done with the contact of an enquiry.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Permissions {
    /// See it.
    pub view: bool,
    /// Edit it, or create it where there is none.
    pub edit: bool,
}

impl App {
    /// Gathers everything about an enquiry and its contact.
    pub(super) fn screen_pop(
        &self,
        enquiry: Enquiry,
        contact: Option<Contact>,
        survey: SurveyDecision,
        by: &Viewer,
    ) -> Result<ScreenPop, Failure> {
        let insight = match &contact {
            Some(_) => self.insight_by(&enquiry, contact.as_ref(), by),
            None => self.insight(&enquiry, by)?,
        };
        let restricted = insight.is_restricted();
        let hidden = enquiry.contact.filter(|_| restricted);
        let contact = contact.filter(|_| !restricted).map(|contact| self.shown(contact)).transpose()?;
        // Who else fits the sender would tell of the sender.
        let candidates = match insight {
            Insight::Little => Vec::new(),
            _ => self.candidates(&enquiry, contact.as_ref(), hidden, by)?,
        };
        let permissions = self.permissions(&enquiry, contact.as_ref(), insight, by);
        let (visits, held) = self.store()?.read(|reader| {
            let visits = if insight.tells() { reader.visits_of_enquiry(enquiry.id, PAGES)? } else { Vec::new() };
            let Some(contact) = &contact else { return Ok((visits, Held::default())) };
            let activity = Activity {
                enquiries: reader.enquiries(Some(contact.id), RECENT + 1)?,
                engagements: reader.engagements(contact.id, RECENT)?,
                visits: reader.visits(contact.id, RECENT)?,
            };
            let organization = contact.organization.as_ref();
            let held = Held {
                organization: organization.map_or(Ok(None), |name| reader.organization_named(name))?,
                notes: reader.notes(NoteOn::Contact(contact.id), None, RECENT)?.notes,
                changes: reader.changes(contact.id, Some(RECENT))?,
                activity,
            };
            Ok((visits, held))
        })?;
        let held = Held { changes: self.shown_changes(held.changes)?, ..held };
        let Held { organization, notes: contact_notes, changes, mut activity } = held;
        let organization = organization.filter(|organization| self.sees_organization(by, organization));
        let organization = organization.map(|organization| self.shown_organization(organization)).transpose()?;
        activity.enquiries.retain(|earlier| earlier.id != enquiry.id);
        activity.enquiries.truncate(RECENT);
        let activity = activity.of(contact.as_ref());
        Ok(ScreenPop {
            survey: survey_told(survey, &enquiry, insight),
            enquiry: told(enquiry, contact.as_ref(), insight),
            visits,
            transcript: None,
            contact,
            restricted,
            organization,
            contact_notes,
            candidates,
            changes,
            activity,
            fields: Vec::new(),
            permissions,
            notes: Vec::new(),
        })
    }

    /// Returns what happened with a contact and those merged into it: `limit` of each kind, newest first; with how many there are of
    /// each: enquiries, engagements, visits.
    ///
    /// # Errors
    /// Not found.
    pub fn activity(&self, id: ContactId, limit: usize, by: &Viewer) -> Result<(Activity, [u64; 3]), Failure> {
        let contact = self.contact_for(id, Right::View, by)?;
        let (activity, totals) = self.store()?.read(|reader| {
            let activity = Activity {
                enquiries: reader.enquiries(Some(contact.id), limit)?,
                engagements: reader.engagements(contact.id, limit)?,
                visits: reader.visits(contact.id, limit)?,
            };
            let counts = [
                reader.count_enquiries(Some(contact.id), None)?,
                reader.count_engagements(contact.id)?,
                reader.count_visits(contact.id)?,
            ];
            Ok((activity, counts))
        })?;
        Ok((activity.of(Some(&contact)), totals))
    }
}

impl Activity {
    fn of(mut self, contact: Option<&Contact>) -> Self {
        self.enquiries = self.enquiries.into_iter().map(|enquiry| told(enquiry, contact, Insight::Whole)).collect();
        self
    }
}

impl ScreenPop {
    /// Adds what was done, what is odd about values that plugins set, and what went wrong; about a contact that the viewer may not see, only
    /// that something did.
    pub(super) fn with(self, fields: Vec<ChangedField>, mut odd: Vec<String>, mut notes: Vec<String>) -> Self {
        if !self.restricted {
            odd.append(&mut notes);
            return Self { fields, notes: odd, ..self };
        }
        let something =
            (!notes.is_empty()).then(|| "plugins failed or were overruled; an admin can see why".to_owned());
        Self { notes: something.into_iter().collect(), ..self }
    }
}

/// An enquiry with its contact's name, as far as the viewer may know it; of a contact that they may not see, nothing at all.
pub(super) fn told(enquiry: Enquiry, contact: Option<&Contact>, insight: Insight) -> Enquiry {
    if !insight.is_restricted() {
        let contact_name = contact.map(Contact::display_name).or(enquiry.contact_name);
        return Enquiry { contact_name, ..enquiry };
    }
    let survey = enquiry.survey.clone().and_then(|survey| survey_told(survey, &enquiry, insight));
    let mut told = Enquiry { contact: None, contact_name: None, survey, ..enquiry };
    if !insight.tells() {
        (told.subject, told.device, told.transcript_bytes) = (None, None, 0);
        told.attributes.clear();
    }
    if insight == Insight::Little {
        told.from = Sender::default();
    }
    told
}

/// What a decision says of a hidden contact is its opt-out: it is told to whoever closed the enquiry, for they send the survey or do not.
fn survey_told(survey: SurveyDecision, enquiry: &Enquiry, insight: Insight) -> Option<SurveyDecision> {
    match insight {
        Insight::Whole => Some(survey),
        Insight::Own if enquiry.status == EnquiryStatus::Closed => Some(without_reason(survey)),
        _ => None,
    }
}

/// Why a survey was suppressed may tell of the contact.
fn without_reason(decision: SurveyDecision) -> SurveyDecision {
    match decision {
        SurveyDecision::Send => SurveyDecision::Send,
        SurveyDecision::Suppress(_) => SurveyDecision::Suppress("the reason is not for you to see".to_owned()),
    }
}
