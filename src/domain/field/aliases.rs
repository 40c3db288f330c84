//! What heads a column in other people's files: for each field its names in English, Italian, Thai, Simplified and Traditional Chinese. Compared
//! without case, spaces, punctuation, accents and full-width forms. What means one thing to some and another to others stands in no list of
//! a field; whole names have a list of their own, for they are two fields at once.

use std::sync::LazyLock;

use super::{FIELDS, Field, header_key};

/// The names of one field in the five languages.
#[derive(Debug)]
pub struct Aliases {
    /// The field.
    pub field: Field,
    /// English.
    pub english: &'static [&'static str],
    /// Italian.
    pub italian: &'static [&'static str],
    /// Thai.
    pub thai: &'static [&'static str],
    /// Chinese in simplified characters.
    pub simplified: &'static [&'static str],
    /// Chinese in traditional characters.
    pub traditional: &'static [&'static str],
}

impl Aliases {
    /// Returns all names of the field.
    pub fn all(&self) -> impl Iterator<Item = &'static str> {
        let lists = [self.english, self.italian, self.thai, self.simplified, self.traditional];
        lists.into_iter().flatten().copied()
    }
}

/// Headers of columns that hold first and last name in one.
pub const WHOLE_NAMES: &[&str] = &[
    "name",
    "full name",
    "contact name",
    "display name",
    "complete name",
    "customer name",
    "person",
    "first and last name",
    "nome e cognome",
    "nome completo",
    "cognome e nome",
    "nominativo",
    "nome visualizzato",
    "nome cognome",
    "cognome nome",
    "ชื่อ-นามสกุล",
    "ชื่อ นามสกุล",
    "ชื่อและนามสกุล",
    "ชื่อเต็ม",
    "ชื่อ-สกุล",
    "ชื่อผู้ติดต่อ",
    "ชื่อลูกค้า",
    "姓名",
    "全名",
    "联系人",
    "联系人姓名",
    "客户姓名",
    "显示名称",
    "聯絡人",
    "聯絡人姓名",
    "聯繫人",
    "客戶姓名",
    "顯示名稱",
    "中文姓名",
    "英文姓名",
];

macro_rules! aliases {
    ($($field:ident { en $en:tt it $it:tt th $th:tt hans $hans:tt hant $hant:tt })*) => {
        /// The table, in the order of the fields.
        pub const ALIASES: &[Aliases] = &[$(Aliases {
            field: Field::$field, english: &$en, italian: &$it, thai: &$th, simplified: &$hans, traditional: &$hant,
        },)*];
    };
}

aliases! {
    FirstName {
        en ["given name", "forename", "given names", "first names", "christian name"]
        it ["nome", "nome proprio", "nome di battesimo"]
        th ["ชื่อ", "ชื่อจริง", "ชื่อแรก"]
        hans ["名", "名字"]
        hant ["名", "名字"]
    }
    LastName {
        en ["last name", "surname", "family name", "last names"]
        it ["cognome", "cognomi"]
        th ["นามสกุล", "สกุล"]
        hans ["姓", "姓氏"]
        hant ["姓", "姓氏"]
    }
    Mobile {
        en ["mobile phone", "mobile number", "mobile no", "mobile phone number", "mobile telephone", "cell", "cell phone", "cell number",
            "cell phone number", "cellphone", "cellular", "phone mobile", "handphone"]
        it ["cellulare", "telefono cellulare", "numero di cellulare", "numero cellulare", "tel cellulare", "cell", "telefonino", "telefono mobile"]
        th ["มือถือ", "โทรศัพท์มือถือ", "เบอร์มือถือ", "เบอร์โทรศัพท์มือถือ", "หมายเลขโทรศัพท์มือถือ", "โทรศัพท์เคลื่อนที่"]
        hans ["手机", "手机号", "手机号码", "移动电话", "移动电话号码", "行动电话"]
        hant ["手機", "手機號", "手機號碼", "行動電話", "行動電話號碼", "流動電話", "手提電話"]
    }
    WorkPhone {
        en ["work phone", "work number", "work telephone", "business phone", "business number", "business telephone", "office phone",
            "office number", "office telephone", "phone work", "direct line", "direct phone"]
        it ["telefono ufficio", "telefono lavoro", "tel ufficio", "telefono aziendale", "telefono di lavoro", "telefono (ufficio)"]
        th ["โทรศัพท์ที่ทำงาน", "เบอร์ที่ทำงาน", "เบอร์โทรที่ทำงาน", "โทรศัพท์สำนักงาน", "เบอร์สำนักงาน"]
        hans ["办公电话", "工作电话", "单位电话", "公司电话", "商务电话"]
        hant ["辦公電話", "辦公室電話", "工作電話", "公司電話", "商務電話"]
    }
    HomePhone {
        en ["home phone", "home number", "home telephone", "phone home"]
        it ["telefono casa", "telefono abitazione", "telefono di casa", "tel casa", "telefono (abitazione)"]
        th ["โทรศัพท์บ้าน", "เบอร์บ้าน", "เบอร์โทรบ้าน"]
        hans ["家庭电话", "住宅电话", "家里电话"]
        hant ["家庭電話", "住宅電話", "住家電話", "家裡電話"]
    }
    OtherPhone {
        en ["other phone", "other number", "phone", "phone number", "phone no", "telephone", "telephone number", "tel", "tel no", "contact number"]
        it ["telefono", "numero di telefono", "numero telefono", "altro telefono", "recapito telefonico", "tel"]
        th ["โทรศัพท์", "เบอร์โทร", "เบอร์โทรศัพท์", "หมายเลขโทรศัพท์", "โทรศัพท์อื่น"]
        hans ["电话", "电话号码", "联系电话", "其他电话"]
        hant ["電話", "電話號碼", "聯絡電話", "聯繫電話", "其他電話"]
    }
    Email {
        en ["e-mail", "email address", "e-mail address", "work email", "work email address", "business email", "mail", "mail address"]
        it ["posta elettronica", "indirizzo email", "indirizzo e-mail", "indirizzo mail", "indirizzo di posta elettronica", "indirizzo posta elettronica", "email lavoro",
            "e-mail aziendale", "email ufficio"]
        th ["อีเมล", "อีเมล์", "ที่อยู่อีเมล", "อีเมลที่ทำงาน"]
        hans ["邮箱", "电子邮件", "电子邮箱", "邮件", "邮件地址", "邮箱地址", "电子邮件地址", "工作邮箱"]
        hant ["電郵", "電子郵件", "電子信箱", "電郵地址", "電子郵件地址", "電子郵箱", "郵箱", "公司電郵"]
    }
    PersonalEmail {
        en ["personal e-mail", "personal email address", "private email", "home email", "home email address"]
        it ["email personale", "email privata", "e-mail casa"]
        th ["อีเมลส่วนตัว"]
        hans ["个人邮箱", "私人邮箱", "个人电子邮件"]
        hant ["個人電郵", "私人電郵", "個人電子郵件", "個人信箱"]
    }
    OtherEmail {
        en ["other e-mail", "other email address", "secondary email", "alternative email", "alternate email"]
        it ["altra email", "altro indirizzo email", "email secondaria"]
        th ["อีเมลอื่น", "อีเมลสำรอง"]
        hans ["其他邮箱", "备用邮箱", "其他电子邮件"]
        hant ["其他電郵", "備用電郵", "其他電子郵件", "備用信箱"]
    }
    Facebook {
        en ["messenger", "facebook messenger", "facebook id"]
        it ["profilo facebook"]
        th ["เฟซบุ๊ก", "เฟสบุ๊ก", "เฟสบุ๊ค"]
        hans ["脸书", "脸谱"]
        hant ["臉書"]
    }
    Whatsapp {
        en ["whats app", "whatsapp number", "whatsapp phone"]
        it ["numero whatsapp"]
        th ["วอตส์แอปป์", "วอทส์แอป", "เบอร์ whatsapp"]
        hans ["whatsapp号码", "whatsapp 账号"]
        hant ["whatsapp號碼", "whatsapp 帳號"]
    }
    Wechat {
        en ["we chat", "wechat id", "weixin"]
        it ["id wechat"]
        th ["วีแชท", "ไอดีวีแชท"]
        hans ["微信", "微信号", "微信号码"]
        hant ["微信號", "微信帳號", "微信 id"]
    }
    Line {
        en ["line id", "line account"]
        it ["id line"]
        th ["ไลน์", "ไอดีไลน์", "ไลน์ไอดี"]
        hans ["line账号"]
        hant ["line帳號"]
    }
    Twitter {
        en ["twitter/x", "x (twitter)", "twitter handle", "twitter username"]
        it ["profilo twitter"]
        th ["ทวิตเตอร์"]
        hans ["推特"]
        hant ["推特帳號"]
    }
    Linkedin {
        en ["linked in", "linkedin profile", "linkedin url"]
        it ["profilo linkedin"]
        th ["ลิงก์อิน", "ลิงค์อิน"]
        hans ["领英"]
        hant ["領英"]
    }
    Instagram {
        en ["instagram handle", "instagram username", "insta"]
        it ["profilo instagram"]
        th ["อินสตาแกรม", "ไอจี"]
        hans ["instagram账号"]
        hant ["instagram帳號"]
    }
    WoztellWhatsapp {
        en ["woztell whatsapp cloud", "woztell whatsapp id"]
        it ["id woztell whatsapp"]
        th ["ไอดี woztell whatsapp"]
        hans ["woztell whatsapp 账号"]
        hant ["woztell whatsapp 帳號"]
    }
    WoztellFacebook {
        en ["woztell facebook id"]
        it ["id woztell facebook"]
        th ["ไอดี woztell facebook"]
        hans ["woztell facebook 账号"]
        hant ["woztell facebook 帳號"]
    }
    WoztellInstagram {
        en ["woztell instagram id"]
        it ["id woztell instagram"]
        th ["ไอดี woztell instagram"]
        hans ["woztell instagram 账号"]
        hant ["woztell instagram 帳號"]
    }
    Company {
        en ["company name", "organization", "organisation", "organization name", "organisation name", "account name", "employer", "business name"]
        it ["azienda", "società", "nome azienda", "ragione sociale", "impresa", "ditta", "organizzazione"]
        th ["บริษัท", "ชื่อบริษัท", "องค์กร"]
        hans ["公司", "公司名称", "企业", "企业名称", "单位", "单位名称", "组织"]
        hant ["公司名稱", "企業", "企業名稱", "機構", "機構名稱", "組織", "服務單位"]
    }
    JobTitle {
        en ["title", "position", "role", "job", "job position", "job role", "occupation"]
        it ["qualifica", "ruolo", "posizione", "mansione", "posizione lavorativa", "incarico"]
        th ["ตำแหน่ง", "ตำแหน่งงาน", "หน้าที่"]
        hans ["职位", "职务", "职称", "岗位"]
        hant ["職位", "職稱", "職務", "崗位"]
    }
    Department {
        en ["team", "department", "dept", "department name", "division/department"]
        it ["reparto", "dipartimento"]
        th ["แผนก", "ฝ่าย", "ทีม"]
        hans ["部门", "团队", "部门名称"]
        hant ["部門", "團隊", "部門名稱"]
    }
    BirthDate {
        en ["birth date", "birthday", "date of birth", "dob", "born"]
        it ["data di nascita", "compleanno", "nascita", "data nascita", "nato il"]
        th ["วันเกิด", "วันเดือนปีเกิด", "วัน/เดือน/ปีเกิด"]
        hans ["生日", "出生日期", "出生年月日"]
        hant ["生日", "出生日期", "出生年月日"]
    }
    Language {
        en ["preferred language", "lang", "spoken language", "contact language"]
        it ["lingua", "lingua preferita", "lingua parlata"]
        th ["ภาษา", "ภาษาที่ต้องการ"]
        hans ["语言", "首选语言", "语种", "偏好语言"]
        hant ["語言", "首選語言", "偏好語言", "慣用語言"]
    }
    Street {
        en ["street", "street address", "street name", "mailing street", "postal address", "address line", "address line 1", "address 1",
            "mailing address", "business street"]
        it ["indirizzo", "via", "indirizzo postale", "indirizzo e numero civico", "via e numero", "indirizzo di residenza"]
        th ["ที่อยู่", "ถนน", "บ้านเลขที่", "ที่อยู่ติดต่อ"]
        hans ["地址", "街道", "街道地址", "详细地址", "通讯地址", "联系地址"]
        hant ["地址", "街道", "街道地址", "詳細地址", "通訊地址", "聯絡地址"]
    }
    City {
        en ["town", "mailing city", "city/town", "town/city", "business city"]
        it ["città", "comune", "località", "citta'"]
        th ["เมือง", "อำเภอ", "เขต", "อำเภอ/เขต"]
        hans ["城市", "市", "所在城市"]
        hant ["城市", "市", "鄉鎮市區"]
    }
    State {
        en ["province", "state/province", "state/region", "state or province", "mailing state", "mailing state/province", "business state"]
        it ["provincia", "prov", "sigla provincia", "provincia/stato"]
        th ["จังหวัด", "รัฐ", "รัฐ/จังหวัด"]
        hans ["省", "省份", "州", "州/省", "省/州", "省/直辖市", "省/自治区"]
        hant ["省", "省份", "州", "州/省", "省/州"]
    }
    Zip {
        en ["zip", "zip code", "postal code", "postcode", "post code", "zip/postal code", "postal/zip code", "mailing zip/postal code",
            "mailing postal code", "mailing zip", "business postal code"]
        it ["cap", "codice postale", "codice di avviamento postale", "c.a.p."]
        th ["รหัสไปรษณีย์"]
        hans ["邮编", "邮政编码", "邮政编号"]
        hant ["郵遞區號", "郵政編碼", "郵編", "郵政編號"]
    }
    Country {
        en ["country/region", "country/territory", "country code", "country name", "mailing country", "business country", "business country/region",
            "nation"]
        it ["paese", "nazione", "stato estero", "paese/area geografica", "paese/regione"]
        th ["ประเทศ", "ประเทศ/ภูมิภาค"]
        hans ["国家", "国家/地区", "国别", "国家或地区", "国家地区"]
        hant ["國家", "國家/地區", "國別", "國家或地區", "國家地區"]
    }
    Type {
        en ["contact type", "customer type"]
        it ["tipo", "tipo contatto", "tipo di contatto", "tipologia"]
        th ["ประเภท", "ประเภทผู้ติดต่อ"]
        hans ["类型", "联系人类型", "客户类型"]
        hant ["類型", "聯絡人類型", "客戶類型"]
    }
    Group {
        en ["contact group", "group name"]
        it ["gruppo", "gruppo contatti", "gruppo di contatti"]
        th ["กลุ่ม", "กลุ่มผู้ติดต่อ"]
        hans ["组", "分组", "群组", "联系人组"]
        hant ["群組", "組別", "分組", "聯絡人群組"]
    }
    Level {
        en ["contact level"]
        it ["livello", "livello contatto", "livello di contatto"]
        th ["ระดับ", "ระดับผู้ติดต่อ"]
        hans ["级别", "联系人级别", "等级"]
        hant ["級別", "聯絡人級別", "等級"]
    }
    Labels {
        en ["label", "labels", "tag", "tags", "contact labels"]
        it ["etichetta", "etichette", "etichette contatto"]
        th ["ป้ายกำกับ", "แท็ก", "ป้าย"]
        hans ["标签", "联系人标签"]
        hant ["標籤", "聯絡人標籤"]
    }
    SurveyOptOut {
        en ["opt out", "no survey", "no surveys", "survey optout", "opt out of surveys", "do not survey"]
        it ["niente sondaggi", "esclusione sondaggi", "no sondaggi"]
        th ["ไม่รับแบบสำรวจ", "ปฏิเสธแบบสำรวจ"]
        hans ["拒绝调查", "退出调查", "不接受问卷"]
        hant ["拒絕調查", "退出調查", "不接受問卷"]
    }
    Sms {
        en ["sms enabled", "allow sms", "sms allowed", "text messages"]
        it ["sms consentiti", "consenso sms", "sms abilitati"]
        th ["เอสเอ็มเอส", "รับ sms", "อนุญาต sms"]
        hans ["短信", "允许短信", "接收短信"]
        hant ["簡訊", "允許簡訊", "接收簡訊", "短訊"]
    }
    ExternalUrl {
        en ["external link", "external system link", "crm link", "crm url"]
        it ["url esterno", "collegamento esterno", "link esterno"]
        th ["ลิงก์ภายนอก", "url ภายนอก"]
        hans ["外部链接", "外部网址"]
        hant ["外部連結", "外部網址"]
    }
    ExternalId {
        en ["external ids", "external identifier", "crm id", "contact id", "record id"]
        it ["id esterno", "identificativo esterno", "codice esterno"]
        th ["รหัสภายนอก", "ไอดีภายนอก"]
        hans ["外部编号", "外部标识"]
        hant ["外部編號", "外部識別碼"]
    }
    Organization {
        en ["associate org", "associated organization", "associated organisation"]
        it ["organizzazione collegata"]
        th ["องค์กรที่เกี่ยวข้อง"]
        hans ["关联组织"]
        hant ["關聯組織"]
    }
    Division {
        en ["divisions"]
        it ["divisione"]
        th ["สายงาน"]
        hans ["事业部"]
        hant ["事業部"]
    }
    Owner {
        en ["contact owner", "owner name", "record owner"]
        it ["proprietario", "proprietario contatto", "titolare del contatto"]
        th ["เจ้าของ", "ผู้รับผิดชอบ"]
        hans ["负责人", "所有者", "联系人所有者"]
        hant ["負責人", "擁有者", "聯絡人擁有者"]
    }
    Verified { en ["verified values"] it ["valori verificati"] th ["ยืนยันแล้ว"] hans ["已验证"] hant ["已驗證"] }
    NoSms { en ["sms off"] it ["niente sms"] th ["ไม่รับ sms"] hans ["不接收短信"] hant ["不接收簡訊"] }
}

/// Every header that means a field, in its comparison form, in order.
pub(super) static BY_HEADER: LazyLock<Vec<(String, Field)>> = LazyLock::new(|| {
    // In people's exports an `Organization` is the company, as text.
    let names = FIELDS.iter().filter(|info| info.field != Field::Organization).map(|info| (info.name, info.field));
    let headers = FIELDS.iter().map(|info| (info.header, info.field));
    let aliases = ALIASES.iter().flat_map(|row| row.all().map(|alias| (alias, row.field)));
    let mut all: Vec<_> = names.chain(headers).chain(aliases).map(|(name, field)| (header_key(name), field)).collect();
    all.sort();
    all.dedup();
    all
});

/// Returns what else heads a field's column.
pub fn of(field: Field) -> impl Iterator<Item = &'static str> {
    ALIASES.iter().filter(move |row| row.field == field).flat_map(Aliases::all)
}

/// Says whether a header is that of whole names: first and last name in one, whatever its brackets say besides, such as `姓名(中文)`.
#[must_use]
pub fn is_whole_name(header: &str) -> bool {
    let keys = [header_key(header), header_key(super::core_of(header))];
    WHOLE_NAMES.iter().any(|name| keys.contains(&header_key(name)))
}

/// Says whether a header means the first name beside one of last names, and as likely whole names without it.
#[must_use]
pub fn may_be_whole_name(header: &str) -> bool {
    ["nome", "ชื่อ", "名字"].iter().any(|name| header_key(name) == header_key(header))
}

/// Returns how many letters two headers differ by, if that can be slips: word by word, for in a short word another letter makes another word.
#[must_use]
pub fn slips(wanted: &str, known: &str) -> Option<usize> {
    let (ours, theirs) = (words(wanted), words(known));
    if ours.len() == theirs.len() {
        return ours.iter().zip(&theirs).map(|(wanted, known)| slips_of_word(wanted, known)).sum();
    }
    // A blank too many or too few; a word more, such as `Company ID`, is another thing.
    slips_of_word(&header_key(wanted), &header_key(known)).filter(|slips| *slips <= 1)
}

fn slips_of_word(wanted: &str, known: &str) -> Option<usize> {
    let slips = strsim::osa_distance(known, wanted);
    let swapped = || strsim::hamming(known, wanted).is_ok_and(|differing| differing == 2);
    let can_be = match wanted.chars().count() {
        _ if slips == 0 => true,
        0..=3 => false,
        // One letter for another: `Note` is no `nome`.
        4..=5 => slips == 1 && (known.chars().count() != wanted.chars().count() || swapped()),
        6..=9 => slips == 1,
        _ => slips <= 2,
    };
    can_be.then_some(slips)
}

fn words(header: &str) -> Vec<String> {
    let parts = header.split(|c: char| !c.is_alphanumeric() && !super::is_mark(c));
    parts.map(header_key).filter(|word| !word.is_empty()).collect()
}

/// Returns a header that is known and very nearly this one, with its field.
#[must_use]
pub fn nearly(header: &str) -> Option<(Field, &'static str)> {
    let names = |info: &'static super::FieldInfo| std::iter::once(info.plain_header()).chain(of(info.field));
    let known = FIELDS.iter().flat_map(|info| names(info).map(|name| (info.field, name)));
    let near = known.filter_map(|(field, name)| Some((slips(header, name)?, field, name)));
    near.min_by_key(|(slips, ..)| *slips).map(|(_, field, name)| (field, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::field::field_for_header;

    #[test]
    fn every_field_of_the_template_has_names_in_every_language() {
        for field in FIELDS.iter().map(|info| info.field).filter(|field| field.in_template()) {
            let row = ALIASES.iter().find(|row| row.field == field).unwrap_or_else(|| panic!("{field} has no aliases"));
            let lists = [row.english, row.italian, row.thai, row.simplified, row.traditional];
            assert!(lists.iter().all(|list| !list.is_empty()), "{field} lacks a language: {row:?}");
        }
        assert!(ALIASES.is_sorted_by_key(|row| row.field), "the table is in the order of the fields");
    }

    #[test]
    fn no_header_means_two_fields() {
        for pair in BY_HEADER.windows(2) {
            assert_ne!(pair[0].0, pair[1].0, "{:?} and {:?}", pair[0].1, pair[1].1);
        }
        for name in WHOLE_NAMES {
            assert_eq!(field_for_header(name), None, "{name} holds two fields");
        }
    }

    #[test]
    fn slips_are_near_and_other_words_are_not() {
        for (header, expected) in [
            ("Moblie", Some("Mobile")),
            ("Fist name", Some("First name")),
            ("Cognomee", Some("cognome")),
            ("Emial adress", Some("email address")),
            ("手机号玛", Some("手机号")),
            ("FristName", Some("First name")),
            ("E-mials", None),
            ("E-mails", Some("Email")),
            ("Company size", None),
            ("Company ID", None),
            ("Last date", None),
            ("Contact time", None),
            ("User name", None),
            ("Note", None),
            ("Stato", None),
            ("邮寄地址", None),
            ("Fax", None),
            ("Favourite colour", None),
        ] {
            assert_eq!(nearly(header).map(|(_, name)| name), expected, "{header}");
        }
        assert!(is_whole_name("姓名（中文）") && !is_whole_name("(姓名)x") && !is_whole_name("名字"));
        assert!(is_whole_name("Full_Name") && is_whole_name("ชื่อ-นามสกุล") && !is_whole_name("First name"));
    }
}
