//! What a contact keeps of numbers that got no text messages when it lost them: should one come back, whoever brings it, it gets none either
//! until a person says otherwise.

use super::contact::{Contact, Phone};

impl Contact {
    /// Says whether the contact once had the number, and it got no text messages then.
    #[must_use]
    pub fn is_silenced(&self, phone: &Phone) -> bool {
        self.silenced.iter().any(|number| number == phone.dialled())
    }

    /// The numbers that get no text messages, and those that got none, as they are dialled.
    pub fn silent_numbers(&self) -> impl Iterator<Item = &str> {
        let now = self.phones.iter().filter(|phone| !phone.sms).map(Phone::dialled);
        now.chain(self.silenced.iter().map(String::as_str))
    }

    /// Keeps what is known of numbers that get no text messages. Of those that the contact has, the numbers themselves tell.
    pub fn remember_silent<'n>(&mut self, numbers: impl Iterator<Item = &'n str>) {
        let phones = &self.phones;
        let gone = |number: &str| !phones.iter().any(|phone| phone.dialled() == number);
        self.silenced.retain(|number| gone(number));
        self.silenced.extend(numbers.filter(|number| gone(number)).map(str::to_owned));
        self.silenced.sort();
        self.silenced.dedup();
    }

    /// Takes over the silence of contacts of which it is made: the stricter word holds, also of numbers that none of them has any more.
    pub fn stay_silent(&mut self, sides: &[&Self]) {
        for phone in &mut self.phones {
            phone.sms &= !sides.iter().any(|side| side.is_silenced(phone));
        }
        sides.iter().for_each(|side| self.remember_silent(side.silent_numbers()));
    }
}
