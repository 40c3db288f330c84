//! E-mail addresses: as typed, unwrapped with a word about it, or refused.

use super::Want::{Blank, Fails, Is, Warns};
use super::{Want, check, column, row};
use crate::support::Home;

const WRAPPED: &str = "EMAIL_UNWRAPPED";

const MAILS: &[(&str, &str, Want)] = &[
    ("57", "John.Doe@Example.COM", Is("John.Doe@Example.COM")),
    ("58", " a@b.com ", Is("a@b.com")),
    ("58", "\u{a0}a@b.com\u{200b}", Is("a@b.com")),
    ("58", "\u{feff}a@b.com", Is("a@b.com")),
    ("58", "mailto:a@b.com", Warns("a@b.com", WRAPPED)),
    ("58", "MailTo:a@b.com?subject=Hi", Warns("a@b.com", WRAPPED)),
    ("58", "John <a@b.com>", Warns("a@b.com", WRAPPED)),
    ("58", "\"Doe, John\" <a@b.com>", Warns("a@b.com", WRAPPED)),
    ("58", "<a@b.com>", Warns("a@b.com", WRAPPED)),
    ("58", "a@b.com <a@b.com>", Warns("a@b.com", WRAPPED)),
    ("58", "陈大文 <mailto:a@b.com>", Warns("a@b.com", WRAPPED)),
    ("58", "'a@b.com", Warns("a@b.com", WRAPPED)),
    ("58", "=\"a@b.com\"", Warns("a@b.com", WRAPPED)),
    ("59", "a@b", Fails("EMAIL_DOMAIN")),
    ("59", "a@@b.com", Fails("EMAIL_FORMAT")),
    ("59", "a@b@c.com", Fails("EMAIL_FORMAT")),
    ("59", "ab.com", Fails("EMAIL_FORMAT")),
    ("59", "@b.com", Fails("EMAIL_FORMAT")),
    ("59", "a@", Fails("EMAIL_DOMAIN")),
    ("59", "a@.com", Fails("EMAIL_DOMAIN")),
    ("59", "a@b..com", Fails("EMAIL_DOMAIN")),
    ("59", "a@b.com.", Fails("EMAIL_DOMAIN")),
    ("59", "a@-b.com", Fails("EMAIL_DOMAIN")),
    ("59", "a@b_c.com", Fails("EMAIL_DOMAIN")),
    ("59", "a@127.0.0.1", Fails("EMAIL_DOMAIN")),
    ("59", "a@b.c om", Fails("EMAIL_DOMAIN")),
    ("59", "John a@b.com", Fails("EMAIL_FORMAT")),
    ("59", "[email protected]", Fails("EMAIL_OBFUSCATED")),
    ("59", "[email\u{a0}protected]", Fails("EMAIL_OBFUSCATED")),
    ("59", "a at b.com", Fails("EMAIL_OBFUSCATED")),
    ("59", "a(at)b.com", Fails("EMAIL_OBFUSCATED")),
    ("59", "a [at] b [dot] com", Fails("EMAIL_OBFUSCATED")),
    ("60", "a@b.com;c@d.com", Fails("EMAIL_SEVERAL")),
    ("60", "a@b.com, c@d.com", Fails("EMAIL_SEVERAL")),
    ("60", "a@b.com c@d.com", Fails("EMAIL_SEVERAL")),
    ("60", "a@b.com/c@d.com", Fails("EMAIL_SEVERAL")),
    ("60", "a@b.com\nc@d.com", Fails("EMAIL_SEVERAL")),
    ("60", "Ann <a@b.com>; Bob <c@d.com>", Fails("EMAIL_SEVERAL")),
    ("60", "a@b.com; no mail", Fails("EMAIL_DOMAIN")),
    ("61", "陈@例え.jp", Is("陈@例え.jp")),
    ("61", "user@münchen.de", Is("user@münchen.de")),
    ("61", "user@xn--mnchen-3ya.de", Is("user@xn--mnchen-3ya.de")),
    ("61", "Jose\u{301}@example.com", Is("José@example.com")),
    ("61", "o'brien+news@example.co.uk", Is("o'brien+news@example.co.uk")),
    ("61", "a..b.@docomo.ne.jp", Is("a..b.@docomo.ne.jp")),
    ("35", "", Blank),
    ("35", "\u{a0}", Blank),
    ("35", "N/A", Fails("EMAIL_FORMAT")),
    ("35", "-", Fails("EMAIL_FORMAT")),
    ("40", "a\u{200b}b@c.com", Fails("EMAIL_FORMAT")),
    ("40", "a\u{200f}@c.com", Fails("EMAIL_FORMAT")),
    ("40", "a\u{7}@c.com", Fails("EMAIL_FORMAT")),
    ("40", "a@c\u{202e}.com", Fails("EMAIL_DOMAIN")),
    ("40", "😀@c.com", Is("😀@c.com")),
    ("53", "ａ＠ｂ．ｃｏｍ", Fails("EMAIL_FORMAT")),
];

#[test]
fn addresses_are_read_or_refused() {
    let mut rows = column("email", "emails/0/address", MAILS);
    let long = |local: usize, domain: usize| format!("{}@{}com", "a".repeat(local), "bcdefgh.".repeat(domain));
    rows.push(row("38").cell("email", long(64, 10)).is("emails/0/address", long(64, 10)));
    rows.push(row("38").cell("email", long(65, 10)).fails("EMAIL_FORMAT"));
    rows.push(row("38").cell("email", long(64, 40)).fails("EMAIL_FORMAT"));
    rows.push(row("38").cell("email", long(1, 400)).fails("EMAIL_FORMAT"));
    rows.push(row("59").cell("email", format!("a@{}.com", "b".repeat(64))).fails("EMAIL_DOMAIN"));
    // A good address beside a bad one does not make the row good, and both are told of by their columns.
    rows.push(row("59").cell("email", "a@b.com").cell("personal_email", "c@d").fails("EMAIL_DOMAIN"));
    rows.push(row("59").cell("email", "x").cell("other_email", "y").fails("EMAIL_FORMAT").fails("EMAIL_FORMAT"));
    rows.push(
        row("58")
            .cell("email", "<a@b.com>")
            .cell("personal_email", "mailto:c@d.com")
            .is("emails/1/kind", "personal")
            .warns(WRAPPED)
            .warns(WRAPPED),
    );
    check("", &[], &rows);
    check("profile = \"maaiiconnect\"", &[], &column("email", "emails/0/address", &MAILS[..14]));
}

#[test]
fn an_address_in_another_case_is_the_same_one() {
    let home = Home::new();
    home.write("one.csv", "Last name,Email\nDoe,john.doe@example.com\nMüller,ÄNNE@example.com\n");
    home.write(
        "two.csv",
        "Last name,Email,Company\nDoe,John.Doe@Example.COM,Acme\nMüller,A\u{308}nne@Example.com,Acme\n",
    );
    home.json(&["import", "one.csv"], 0);
    let report = home.json(&["import", "two.csv", "--on-match", "update"], 0);
    assert_eq!((report["created"].as_u64(), report["updated"].as_u64()), (Some(0), Some(2)), "{report:#}");
}
