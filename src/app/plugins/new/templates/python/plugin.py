"""{{description}}.

The world in wit/world.wit says which hooks this plugin has, and what it may ask for. A hook gets the thing in hand, reads what it
wants, and writes its wishes; nothing changes until every plugin has spoken. There are no files, no network and no clock.
"""

from componentize_py_types import Err
from wit_world import exports
{{if on_create}}
from wit_world.imports import config
{{end}}
{{if on_create on_update on_delete}}
from wit_world.imports.things import Contact
{{end}}
{{if on_enquiry}}
from wit_world.imports.things import Enquiry
{{end}}
{{if on_merge}}
from wit_world.imports.things import Merge
{{end}}
{{if on_import_row}}
from wit_world.imports.things import Row
{{end}}
from wit_world.imports.types import Problem
{{if on_import_row}}
from wit_world.imports.types import RowVerdict, RowVerdict_Accept, RowVerdict_Reject, RowVerdict_Skip
{{end}}
{{if not_only_import_row}}
from wit_world.imports.types import Verdict, Verdict_Accept, Verdict_Reject
{{end}}
{{if on_import_row}}


class OnImportRow(exports.OnImportRow):
    """Leaves test rows out, and takes `mailto:` off e-mail addresses that were copied from a web page."""

    def import_row(self, row: Row) -> RowVerdict:
        try:
            if row.get("last_name") == "Test":
                return RowVerdict_Skip("a test row")
            email = row.get("email") or ""
            if email.startswith("mailto:"):
                row.set("email", email.removeprefix("mailto:"))
        except Err as refused:
            return RowVerdict_Reject([problem(refused)])
        return RowVerdict_Accept()
{{end}}
{{if on_create}}


class OnCreate(exports.OnCreate):
    """Labels contacts that have a company; which label is a setting."""

    def create(self, contact: Contact) -> Verdict:
        try:
            if contact.get("company"):
                contact.add("labels", config.get("label") or "")
        except Err as refused:
            return Verdict_Reject([problem(refused)])
        return Verdict_Accept()
{{end}}
{{if on_update}}


class OnUpdate(exports.OnUpdate):
    """Who moves to another company leaves the job title behind, unless a new one is given."""

    def update(self, contact: Contact, before: Contact) -> Verdict:
        try:
            company = before.get("company")
            moved = company and company != contact.get("company")
            if moved and before.get("job_title") == contact.get("job_title"):
                contact.set("job_title", "")
        except Err as refused:
            return Verdict_Reject([problem(refused)])
        return Verdict_Accept()
{{end}}
{{if on_delete}}


class OnDelete(exports.OnDelete):
    """A VIP is not deleted."""

    def delete(self, contact: Contact) -> Verdict:
        try:
            if "VIP" in contact.values("labels"):
                return reject("labels", "VIP_STAYS", "a contact labelled VIP is not deleted", "take the label off first")
        except Err as refused:
            return Verdict_Reject([problem(refused)])
        return Verdict_Accept()
{{end}}
{{if on_merge}}


class OnMerge(exports.OnMerge):
    """Two birth dates are two people. One that is missing says nothing."""

    def merge_contacts(self, merge: Merge) -> Verdict:
        try:
            master, other = merge.master("birth_date"), merge.other("birth_date")
            if master and other and master != other:
                hint = "correct one of them first, if it is one person"
                return reject("birth_date", "BIRTH_DATES_DIFFER", "the birth dates differ", hint)
        except Err as refused:
            return Verdict_Reject([problem(refused)])
        return Verdict_Accept()
{{end}}
{{if on_enquiry}}


class OnEnquiry(exports.OnEnquiry):
    """Whoever was missed is called back, and gets no survey about it."""

    def take_enquiry(self, enquiry: Enquiry) -> Verdict:
        try:
            if enquiry.get("status") == "missed":
                enquiry.suppress_survey("nobody answered")
                if enquiry.has_contact():
                    enquiry.contact_add("labels", "Call back")
        except Err as refused:
            return Verdict_Reject([problem(refused)])
        return Verdict_Accept()
{{end}}
{{if on_delete on_merge}}


def reject(field: str, code: str, message: str, hint: str) -> Verdict:
    return Verdict_Reject([Problem(field, code, message, hint)])
{{end}}


def problem(refused: Err) -> Problem:
    """A refused edit becomes a problem of the record. To accept after one would be a fault."""
    refusal = refused.value
    return Problem(refusal.field, refusal.code, refusal.message, refusal.hint)
