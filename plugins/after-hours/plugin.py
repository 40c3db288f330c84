"""Notes whether an enquiry came in office hours, and from when somebody can call back.

What time it is comes from the enquiry, for a plugin has no clock: the same enquiry gives the same answer whenever it is asked.
Only what is imported up here is in the component: an `import` inside a function finds nothing, and `strptime` has one.
"""

from datetime import date, datetime, time, timedelta, timezone
from functools import cache

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import config
from wit_world.imports.things import Enquiry
from wit_world.imports.types import Problem, Verdict, Verdict_Accept, Verdict_Reject

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

# Who is closed for so many days on end is closed for good.
LONGEST_BREAK = 400


class Office:
    """When somebody is there, as the deployment says."""

    def __init__(self) -> None:
        self.zone = time.fromisoformat("00:00" + (config.get("utc_offset") or "")).tzinfo or timezone.utc
        self.opens = time.fromisoformat(config.get("opens") or "")
        self.closes = time.fromisoformat(config.get("closes") or "")
        self.days = {DAYS.index(day.strip().lower()[:3]) for day in config.get_list("days")}
        self.holidays = {date.fromisoformat(day) for day in config.get_list("holidays")}

    def works_on(self, day: date) -> bool:
        return day.weekday() in self.days and day not in self.holidays

    def is_open(self, now: datetime) -> bool:
        return self.works_on(now.date()) and self.opens <= now.time() < self.closes

    def next_opening(self, now: datetime) -> datetime | None:
        for ahead in range(LONGEST_BREAK):
            day = now.date() + timedelta(days=ahead)
            opening = datetime.combine(day, self.opens, self.zone)
            if opening > now and self.works_on(day):
                return opening
        return None


@cache
def office() -> Office:
    """The configuration stays the same as long as the plugin is loaded, so it is read once."""
    return Office()


class OnEnquiry(exports.OnEnquiry):
    def take_enquiry(self, enquiry: Enquiry) -> Verdict:
        try:
            note_hours(enquiry)
        except Err as refused:
            refusal = refused.value
            return Verdict_Reject([Problem(refusal.field, refusal.code, refusal.message, refusal.hint)])
        return Verdict_Accept()


def note_hours(enquiry: Enquiry) -> None:
    opened = enquiry.get("opened_at")
    if not opened:
        return
    now = datetime.fromisoformat(opened).astimezone(office().zone)
    if office().is_open(now):
        enquiry.set_attribute("office_hours", "inside")
        return
    enquiry.set_attribute("office_hours", "outside")
    opening = office().next_opening(now)
    if opening:
        enquiry.set_attribute("call_back_from", opening.isoformat(sep=" ", timespec="minutes"))
    if enquiry.get("status") == "missed":
        enquiry.suppress_survey("nobody was in the office")
