// What a script of one's own would do with the benchmark's file: the same checks and one fixed rule for each plugin of the benchmark. No
// packages. Where this Node has SQLite, contacts go there; else one JSON line each, which is less work than Carnet's.
//
// node import.mjs CONTACTS.csv OUTPUT_FOLDER

import { createReadStream, openSync, writeSync, closeSync } from "node:fs";
import { randomUUID } from "node:crypto";

const PHONES = [["Mobile", "mobile"], ["Work", "work"], ["WhatsApp", "whatsapp"]];
const EMAILS = [["Email", "main"], ["Personal Email", "personal"]];
const TEXTS = [
    ["First name", "first"], ["Last name", "last"], ["Company", "company"], ["Job Title", "title"], ["Team", "group"],
    ["Address", "street"], ["City", "city"], ["State", "state"], ["ZipCode", "zip"], ["LinkedIn", "linkedin"],
];
const CALLING = { HK: "852", GB: "44", SG: "65", IT: "39" };
const LENGTHS = [["852", 8, 8], ["44", 9, 10], ["65", 8, 8], ["39", 6, 11]];
const COUNTRIES = new Map([
    ["hong kong", "HK"], ["united kingdom", "GB"], ["singapore", "SG"], ["italy", "IT"], ["hk", "HK"], ["gb", "GB"], ["sg", "SG"], ["it", "IT"],
]);
const LANGUAGES = new Set(["en", "de", "es", "fr", "it", "zh", "zh-hans", "zh-hant", "ja", "ko", "pt", "nl"]);
const TYPES = new Map([["", "lead"], ["lead", "lead"], ["customer", "customer"], ["prospect", "prospect"], ["other", "other"]]);
const LEVELS = new Map([["", "primary"], ["primary", "primary"], ["secondary", "secondary"], ["tertiary", "tertiary"]]);
const PRIVATE = ["gmail.com", "outlook.com", "hotmail.com", "yahoo.com", "icloud.com", "qq.com", "163.com"];

const EMAIL = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/;
const DATE = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/;
const CHIEF = /\b(ceo|cto|cfo|coo|chief|founder|president|managing director)\b/i;
const BUYER = /\b(procurement|purchasing|buyer)\b/i;

class Refused extends Error {}

// Records of a CSV file, with quoted cells and line breaks in them.
async function* records(path) {
    let cells = [], cell = "", quoted = false, pendingQuote = false;
    for await (const chunk of createReadStream(path, { encoding: "utf8", highWaterMark: 1 << 18 })) {
        let from = 0;
        for (let at = 0; at < chunk.length; at++) {
            const c = chunk.charCodeAt(at);
            if (pendingQuote) {
                pendingQuote = false;
                if (c === 34) { cell += '"'; from = at + 1; continue; }
                quoted = false;
                from = at;
            }
            if (quoted) {
                if (c === 34) { cell += chunk.slice(from, at); pendingQuote = true; from = at + 1; }
            } else if (c === 34 && cell === "" && from === at) {
                quoted = true;
                from = at + 1;
            } else if (c === 44) {
                cells.push(cell + chunk.slice(from, at));
                cell = "";
                from = at + 1;
            } else if (c === 10) {
                const last = cell + chunk.slice(from, at);
                cells.push(last.endsWith("\r") ? last.slice(0, -1) : last);
                yield cells;
                cells = [];
                cell = "";
                from = at + 1;
            }
        }
        cell += chunk.slice(from);
    }
    if (cell !== "" || cells.length > 0) {
        cells.push(cell);
        yield cells;
    }
}

// E.164, or a refusal; a number without a country code belongs to the row's country.
function phone(text, country) {
    const digits = text.replace(/[\s().\-/]+/g, "");
    const whole = digits.startsWith("+") ? digits.slice(1) : digits;
    if (/^[0-9]+$/.test(whole)) {
        if (fits(whole)) return "+" + whole;
        const national = CALLING[country] + whole.replace(/^0+/, "");
        if (!digits.startsWith("+") && fits(national)) return "+" + national;
    }
    throw new Refused(`\`${text}\` is no phone number`);
}

// Whether the digits are a number of a country that is known here.
function fits(digits) {
    return LENGTHS.some(([code, shortest, longest]) => {
        const length = digits.length - code.length;
        return digits.startsWith(code) && length >= shortest && length <= longest;
    });
}

function email(text) {
    if (text.length > 254 || !EMAIL.test(text)) throw new Refused(`\`${text}\` is no e-mail address`);
    return text;
}

// The date as ISO 8601, or a refusal.
function birthDate(text, today) {
    const found = DATE.exec(text);
    if (!found) throw new Refused(`\`${text}\` is no date`);
    const [month, day, year] = [Number(found[1]), Number(found[2]), Number(found[3])];
    const date = new Date(Date.UTC(year, month - 1, day));
    if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) throw new Refused(`\`${text}\` is no date`);
    if (date > today || year < 1900) throw new Refused(`\`${text}\` cannot be a birth date`);
    return date.toISOString().slice(0, 10);
}

function chosen(choices, text, what) {
    const value = choices.get(text.toLowerCase());
    if (value === undefined) throw new Refused(`\`${text}\` is no ${what}`);
    return value;
}

// Folded words, for finding the contact.
function words(...texts) {
    const folded = texts.filter(Boolean).join(" ").normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
    return [...new Set(folded.match(/[\p{L}\p{N}_]+/gu) ?? [])].join(" ");
}

// A row as a contact, with the identifiers and words by which it is found.
function contactOf(cells, columns, today) {
    const cell = (header) => cells[columns.get(header)] ?? "";
    const country = cell("Country") ? chosen(COUNTRIES, cell("Country"), "country") : "HK";
    const contact = {};
    for (const [header, name] of TEXTS) {
        const text = cell(header).trim().replace(/\s+/g, " ");
        if (text !== "") contact[name] = text;
    }
    contact.last ??= "customer";
    contact.country = country;
    contact.phones = [];
    for (const [header, kind] of PHONES) {
        const raw = cell(header);
        if (raw.trim() !== "") contact.phones.push({ kind, e164: phone(raw, country), raw });
    }
    contact.emails = [];
    for (const [header, kind] of EMAILS) {
        const text = cell(header).trim();
        if (text !== "") contact.emails.push({ kind, address: email(text) });
    }
    if (cell("Birthdate") !== "") contact.born = birthDate(cell("Birthdate").trim(), today);
    if (cell("Language") !== "") {
        const language = cell("Language").toLowerCase();
        if (!LANGUAGES.has(language)) throw new Refused(`\`${language}\` is no language`);
        contact.language = language;
    }
    contact.kind = chosen(TYPES, cell("Type"), "type");
    contact.level = chosen(LEVELS, cell("Level"), "level");
    const labels = new Set(cell("Contact Label").split(";").map((label) => label.trim()).filter(Boolean));
    const title = contact.title ?? "";
    if (CHIEF.test(title)) labels.add("Executive");
    if (BUYER.test(title)) labels.add("Buyer");
    if (contact.emails.some((mail) => PRIVATE.some((domain) => mail.address.toLowerCase().endsWith(domain)))) labels.add("Private address");
    contact.labels = [...labels].sort();
    contact.opt_out = labels.has("Do not survey");
    const [source, id] = cell("External ID").split(":");
    contact.external = { source, id };
    const identifiers = [
        ...contact.phones.map((it) => [1, it.e164.slice(1)]),
        ...contact.emails.map((it) => [2, it.address.toLowerCase()]),
        [3, cell("External ID")],
    ];
    const foundBy = words(contact.first, contact.last, contact.company, ...contact.emails.map((it) => it.address));
    return { contact, identifiers, foundBy };
}

// Where contacts go: a database, if there is one, else a file of lines.
async function store(folder) {
    const sqlite = await import("node:sqlite").catch(() => null);
    return sqlite ? database(new sqlite.DatabaseSync(`${folder}/contacts.db`)) : lines(`${folder}/contacts.jsonl`);
}

function database(db) {
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
        CREATE TABLE contact (no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, doc TEXT NOT NULL);
        CREATE TABLE identifier (kind INTEGER, value TEXT, contact INTEGER, PRIMARY KEY (kind, value, contact)) WITHOUT ROWID;
        CREATE TABLE label (label TEXT, contact INTEGER, PRIMARY KEY (label, contact)) WITHOUT ROWID;
        CREATE TABLE change (contact INTEGER, rev INTEGER, at INTEGER, fields TEXT, PRIMARY KEY (contact, rev)) WITHOUT ROWID;
        CREATE VIRTUAL TABLE contact_text USING fts5 (words, content = '', detail = none);
        BEGIN;`);
    const contact = db.prepare("INSERT INTO contact VALUES (?, ?, ?)");
    const identifier = db.prepare("INSERT OR IGNORE INTO identifier VALUES (?, ?, ?)");
    const label = db.prepare("INSERT INTO label VALUES (?, ?)");
    const change = db.prepare("INSERT INTO change VALUES (?, 1, ?, '[]')");
    const text = db.prepare("INSERT INTO contact_text (rowid, words) VALUES (?, ?)");
    return {
        write(no, it) {
            contact.run(no, randomUUID(), JSON.stringify(it.contact));
            for (const [kind, value] of it.identifiers) identifier.run(kind, value, no);
            for (const name of it.contact.labels) label.run(name, no);
            change.run(no, Date.now());
            text.run(no, it.foundBy);
            if (no % 1024 === 0) db.exec("COMMIT; BEGIN;");
        },
        end: () => db.exec("COMMIT;"),
    };
}

function lines(path) {
    const file = openSync(path, "w");
    let waiting = [];
    const flush = () => {
        writeSync(file, waiting.join(""));
        waiting = [];
    };
    return {
        write(no, it) {
            waiting.push(JSON.stringify({ no, id: randomUUID(), ...it }), "\n");
            if (no % 1024 === 0) flush();
        },
        end() {
            flush();
            closeSync(file);
        },
    };
}

const [source, folder] = process.argv.slice(2);
const started = performance.now();
const today = new Date();
const out = await store(folder);
let columns = null;
let rows = 0, failed = 0;
for await (const cells of records(source)) {
    if (columns === null) {
        columns = new Map(cells.map((header, at) => [header, at]));
        continue;
    }
    rows++;
    try {
        out.write(rows, contactOf(cells, columns, today));
    } catch (error) {
        if (!(error instanceof Refused)) throw error;
        failed++;
    }
}
out.end();
console.log(rows - failed, (performance.now() - started) / 1000);
