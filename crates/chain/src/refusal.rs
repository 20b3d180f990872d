//! Every reason for which a mail does not go on, with its number.
//!
//! The table here is the one of `spec/reasons.tsv`; a test holds the two together.
//! A reason with [`Public::AfterOpening`] arises after a private key was used: outside
//! it is told as [`Reason::RefusedAfterOpening`], whatever the cause, because telling
//! causes apart is what a decryption oracle lives on. The cause is logged.

use serde::{Deserialize, Serialize};

/// A step of the journey. Both directions have the same ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The octets arrive and are read.
    Accept,
    /// Who sent this?
    Authenticate,
    /// May it pass?
    Inspect,
    /// Whom is it encrypted for next?
    Reencrypt,
    /// We sign for our part.
    Sign,
    /// The next hop takes it.
    Transmit,
}

impl Stage {
    /// The word used in logs and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Authenticate => "authenticate",
            Self::Inspect => "inspect",
            Self::Reencrypt => "reencrypt",
            Self::Sign => "sign",
            Self::Transmit => "transmit",
        }
    }
}

/// What the outside is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Public {
    /// The reason with its number: no private key was used before it was found.
    Numbered,
    /// [`Reason::RefusedAfterOpening`], the same for every cause.
    AfterOpening,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident $number:literal $code:literal $stage:ident $reply:literal $enhanced:literal $public:ident;)*) => {
        /// Why a mail does not go on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[$doc])* $variant,)*
        }

        impl Reason {
            /// All reasons, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The number: stable for ever, never used again for something else.
            #[must_use]
            pub fn number(self) -> u16 { match self { $(Self::$variant => $number,)* } }
            /// The stable code, as "signer-not-from".
            #[must_use]
            pub fn code(self) -> &'static str { match self { $(Self::$variant => $code,)* } }
            /// The step that finds it.
            #[must_use]
            pub fn stage(self) -> Stage { match self { $(Self::$variant => Stage::$stage,)* } }
            /// The SMTP reply code (RFC 5321 4.2).
            #[must_use]
            pub fn reply_code(self) -> u16 { match self { $(Self::$variant => $reply,)* } }
            /// The enhanced status code (RFC 3463).
            #[must_use]
            pub fn enhanced(self) -> &'static str { match self { $(Self::$variant => $enhanced,)* } }
            /// What the outside is told.
            #[must_use]
            pub fn public(self) -> Public { match self { $(Self::$variant => Public::$public,)* } }
        }
    };
}

reasons! {
    // 10xx: accept
    /// No mail by RFC 5322: the header cannot be read.
    MailMalformed 1001 "mail-malformed" Accept 550 "5.6.0" Numbered;
    /// MIME that two readers may read differently.
    MailAmbiguous 1002 "mail-ambiguous" Accept 550 "5.6.0" Numbered;
    /// No login where one is needed.
    LoginRequired 1003 "login-required" Accept 530 "5.7.0" Numbered;
    /// The recipient is not of this organisation and the client may not relay.
    RelayDenied 1004 "relay-denied" Accept 550 "5.7.1" Numbered;
    /// A recipient address that cannot be read.
    RecipientMalformed 1005 "recipient-malformed" Accept 553 "5.1.3" Numbered;
    /// More encrypted parts than private-key operations are allowed for.
    TooManyEncryptedParts 1006 "too-many-encrypted-parts" Accept 550 "5.6.0" Numbered;
    /// Encrypted, but in a form or with a cipher that we refuse.
    EncryptionRefused 1007 "encryption-refused" Accept 550 "5.6.0" Numbered;
    /// Went through so many hosts that it must be going in circles.
    MailLooping 1008 "mail-looping" Accept 554 "5.4.6" Numbered;
    /// Attachments encrypted one by one that are not the ones in the signed list.
    AttachmentsNotAsListed 1009 "attachments-not-as-listed" Accept 550 "5.6.0" Numbered;

    // 11xx: outbound.authenticate
    /// Not exactly one address in From.
    FromNotOne 1101 "from-not-one" Authenticate 550 "5.7.1" Numbered;
    /// From is not an address the login may use.
    FromNotSubmitter 1102 "from-not-submitter" Authenticate 550 "5.7.1" Numbered;
    /// The signer's certificate does not carry the From address.
    SignerNotFrom 1103 "signer-not-from" Authenticate 550 "5.7.1" Numbered;
    /// The signature does not fit the content.
    SignatureBad 1104 "signature-bad" Authenticate 550 "5.7.1" Numbered;
    /// The signer's certificate is not one of our valid ones.
    SignerNotOurs 1105 "signer-not-ours" Authenticate 550 "5.7.1" Numbered;
    /// Not exactly one signature.
    SignaturesNotOne 1106 "signatures-not-one" Authenticate 550 "5.7.1" Numbered;
    /// Unsigned, and the keyserver may not sign for this person or this login.
    UnsignedNotAllowed 1107 "unsigned-not-allowed" Authenticate 550 "5.7.1" Numbered;
    /// Encrypted, but not for this organisation's submission key.
    EncryptedForNobodyHere 1108 "encrypted-for-nobody-here" Authenticate 550 "5.7.1" Numbered;
    /// The submission statement is not believed.
    StatementInvalid 1109 "statement-invalid" Authenticate 550 "5.7.1" Numbered;
    /// The submission statement was used before.
    StatementReplayed 1110 "statement-replayed" Authenticate 550 "5.7.1" Numbered;
    /// This organisation is suspended: nothing goes out.
    OwnStandingLost 1111 "own-standing-lost" Authenticate 450 "4.7.1" Numbered;
    /// A mail signed by this organisation's own seal: it must not leave.
    OwnSealLeaving 1112 "own-seal-leaving" Authenticate 550 "5.7.1" Numbered;
    /// An attachment that is encrypted for us, and not bound to who submits it.
    AttachmentNotSubmitters 1113 "attachment-not-submitters" Authenticate 550 "5.7.1" Numbered;
    /// Through the MTA's submission service, without its statement or with more than one.
    StatementMissing 1114 "statement-missing" Authenticate 550 "5.7.1" Numbered;
    /// The submission statement is of another mail or names others.
    StatementOfAnotherMail 1115 "statement-of-another-mail" Authenticate 550 "5.7.1" Numbered;
    /// The sender is known less well than the recipient's entry in `demands` asks for.
    SenderLevelTooLow 1116 "sender-level-too-low" Authenticate 550 "5.7.1" Numbered;
    /// No login, and no automatic mail of a known source.
    SourceUnknown 1120 "source-unknown" Authenticate 550 "5.7.1" Numbered;
    /// A list takes what people of members wrote: nothing automatic, nothing from outside.
    ListClosed 1121 "list-closed" Authenticate 550 "5.7.1" Numbered;
    /// The person has submitted as much as is allowed in an hour.
    SubmitterLimit 1190 "submitter-limit" Authenticate 450 "4.7.1" Numbered;
    /// The person has sent to more recipients than people do, so the mail is held.
    SenderVolume 1191 "sender-volume" Authenticate 550 "5.7.1" Numbered;

    // 12xx: inspection of what came in clear
    /// The sending inspection stopped it.
    LeakFound 1201 "leak-found" Inspect 550 "5.7.1" Numbered;
    /// The receiving inspection stopped it.
    MalwareFound 1202 "malware-found" Inspect 550 "5.7.1" Numbered;
    /// The inspection could not look into it.
    ContentUninspectable 1203 "content-uninspectable" Inspect 550 "5.7.1" Numbered;

    // 13xx: outbound.reencrypt
    /// The recipient's organisation is no member, and policy sends nothing outside.
    RecipientOutside 1301 "recipient-outside" Reencrypt 550 "5.7.1" Numbered;
    /// The recipient here has no encryption certificate.
    RecipientWithoutCertificate 1302 "recipient-without-certificate" Reencrypt 550 "5.1.1" Numbered;
    /// The receiving member is suspended or expelled.
    ReceiverStandingLost 1303 "receiver-standing-lost" Reencrypt 450 "4.7.1" Numbered;
    /// The sender encrypted it, and it could reach the recipient outside in clear only.
    EncryptedForOutside 1304 "encrypted-for-outside" Reencrypt 550 "5.7.1" Numbered;
    /// No certificate of the recipient outside is known to encrypt with.
    OutsideCertificateUnknown 1305 "outside-certificate-unknown" Reencrypt 550 "5.7.1" Numbered;
    /// A file that may hold the recipient's certificate cannot be read.
    OutsideCertificateUnreadable 1306 "outside-certificate-unreadable" Reencrypt 451 "4.3.5" Numbered;
    /// For somebody whose provider does not open mail, in a form that mailers may show
    /// blank.
    CipherNotForMailers 1310 "cipher-not-for-mailers" Reencrypt 550 "5.6.3" Numbered;

    // 19xx, 29xx: after a private key was used
    /// The one answer for every cause below.
    RefusedAfterOpening 1900 "refused-after-opening" Inspect 550 "5.7.1" Numbered;
    /// The content key does not come out of the chosen RecipientInfo.
    UnwrapFailed 1901 "unwrap-failed" Authenticate 550 "5.7.1" AfterOpening;
    /// This ciphertext with this key was submitted by somebody else before.
    CiphertextOfAnother 1902 "ciphertext-of-another" Authenticate 550 "5.7.1" AfterOpening;
    /// Encrypted without a signature inside.
    InnerSignatureMissing 1903 "inner-signature-missing" Inspect 550 "5.7.1" AfterOpening;
    /// The signature inside does not hold.
    InnerSignatureBad 1904 "inner-signature-bad" Inspect 550 "5.7.1" AfterOpening;
    /// The signer inside is not From or not the submitter.
    InnerSignerNotFrom 1905 "inner-signer-not-from" Inspect 550 "5.7.1" AfterOpening;
    /// The decrypted content is no unambiguous mail.
    ContentAmbiguous 1906 "content-ambiguous" Inspect 550 "5.7.1" AfterOpening;
    /// A decrypted mail was stopped by the sending inspection.
    LeakInside 1907 "leak-inside" Inspect 550 "5.7.1" AfterOpening;
    /// A decrypted mail was stopped by the receiving inspection.
    MalwareInside 1908 "malware-inside" Inspect 550 "5.7.1" AfterOpening;
    /// A decrypted mail could not be looked into.
    UninspectableInside 1909 "uninspectable-inside" Inspect 550 "5.7.1" AfterOpening;
    /// The sealed record cannot be read or belongs to another hop.
    SealedRecordMalformed 1910 "sealed-record-malformed" Authenticate 550 "5.7.1" AfterOpening;
    /// An envelope recipient whom the sender did not name.
    RecipientNotAnnounced 1911 "recipient-not-announced" Authenticate 550 "5.7.1" AfterOpening;
    /// The content key is not the one the sender announced.
    KeyCheckFailed 1912 "key-check-failed" Authenticate 550 "5.7.1" AfterOpening;
    /// The content, or the sender's signature, is not the announced one.
    EntityChanged 1913 "entity-changed" Inspect 550 "5.7.1" AfterOpening;
    /// Header fields inside and outside differ.
    HeadersDiffer 1914 "headers-differ" Inspect 550 "5.7.1" AfterOpening;
    /// Sealed by this organisation, found after opening: it must not leave.
    OwnSealInside 1915 "own-seal-inside" Inspect 550 "5.7.1" AfterOpening;
    /// Signed by a key that is held less safely than a recipient's level asks for.
    SignatureLevelTooLow 1916 "signature-level-too-low" Inspect 550 "5.7.1" AfterOpening;
    /// The sender of another member is known less well than is expected here.
    SenderLevelBelow 1917 "sender-level-below" Authenticate 550 "5.7.1" AfterOpening;

    // 21xx: inbound.authenticate
    /// From a member's domain, without the chain, where the member says to refuse.
    ForgedMemberDomain 2101 "forged-member-domain" Authenticate 550 "5.7.1" Numbered;
    /// The organisation's signature does not hold.
    HopSignatureBad 2102 "hop-signature-bad" Authenticate 550 "5.7.7" Numbered;
    /// The signer is no member's organisation certificate.
    OrganisationNotMember 2103 "organisation-not-member" Authenticate 550 "5.7.1" Numbered;
    /// The sending member is suspended.
    OrganisationSuspended 2104 "organisation-suspended" Authenticate 450 "4.7.1" Numbered;
    /// The sending member was expelled.
    OrganisationExpelled 2105 "organisation-expelled" Authenticate 550 "5.7.1" Numbered;
    /// From is not of the sending member's domains.
    OrganisationNotFrom 2106 "organisation-not-from" Authenticate 550 "5.7.1" Numbered;
    /// The hop record names another receiver.
    NotForUs 2107 "not-for-us" Authenticate 550 "5.7.1" Numbered;
    /// The hop record is too old or from the future.
    HopTimeOutside 2108 "hop-time-outside" Authenticate 550 "5.7.1" Numbered;
    /// The covered header fields changed on the way.
    HeadersChanged 2109 "headers-changed" Authenticate 550 "5.7.7" Numbered;
    /// A part or RecipientInfo is not bound to this hop.
    CiphertextNotBound 2110 "ciphertext-not-bound" Authenticate 550 "5.7.7" Numbered;
    /// The hop record cannot be read.
    HopRecordMalformed 2111 "hop-record-malformed" Authenticate 550 "5.6.0" Numbered;
    /// The member list here is too old to judge by.
    MemberListOutdated 2112 "member-list-outdated" Authenticate 451 "4.7.0" Numbered;
    /// Signed by a seal of this organisation: it must not come in.
    OwnSealEntering 2113 "own-seal-entering" Authenticate 550 "5.7.1" Numbered;
    /// The member has sent as much as is allowed in an hour or at a time.
    MemberLimit 2190 "member-limit" Authenticate 450 "4.7.1" Numbered;

    // 90xx: something needed is down; the mail stays in the sender's queue
    /// The keyserver does not answer.
    KeyserverUnavailable 9001 "keyserver-unavailable" Authenticate 451 "4.3.0" Numbered;
    /// The inspector does not answer.
    InspectorUnavailable 9002 "inspector-unavailable" Inspect 451 "4.3.0" Numbered;
    /// The next hop does not take mail now.
    NextHopUnavailable 9003 "next-hop-unavailable" Transmit 451 "4.4.1" Numbered;
    /// The next hop refuses this mail for good.
    NextHopRefused 9004 "next-hop-refused" Transmit 550 "5.0.0" Numbered;
    /// The store does not answer.
    StoreUnavailable 9005 "store-unavailable" Accept 451 "4.3.0" Numbered;
    /// The octets of a held mail are not where they were put.
    HeldMailMissing 9006 "held-mail-missing" Transmit 451 "4.3.0" Numbered;
    /// The octets of a held mail are not those that were put there.
    HeldMailChanged 9007 "held-mail-changed" Transmit 451 "4.3.0" Numbered;
    /// It is later by another host's clock than by ours: one of the two is wrong, and the mail
    /// is not at fault.
    TimeAhead 9008 "time-ahead" Authenticate 451 "4.3.0" Numbered;
    /// Anything else that failed: never a pass.
    Internal 9009 "internal" Accept 451 "4.3.0" Numbered;
}

impl Reason {
    /// What the outside is told: this reason, or the one answer for all causes.
    #[must_use]
    pub fn outside(self) -> Self {
        match self.public() {
            Public::Numbered => self,
            Public::AfterOpening => Self::RefusedAfterOpening,
        }
    }

    /// Whether a later try may succeed.
    #[must_use]
    pub fn is_temporary(self) -> bool {
        self.reply_code() < 500
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.number(), self.code())
    }
}

/// A reason at the step where it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{reason} at {}", .stage.as_str())]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// Where.
    pub stage: Stage,
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self { reason, stage: reason.stage() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_table_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/reasons.tsv");
        let expected: String = Reason::ALL
            .iter()
            .map(|reason| {
                format!(
                    "{}\t{}\t{}\t{} {}\t{}\t",
                    reason.number(),
                    reason.code(),
                    reason.stage().as_str(),
                    reason.reply_code(),
                    reason.enhanced(),
                    reason.outside().number(),
                )
            })
            .collect::<Vec<_>>()
            .join("\n");
        #[allow(clippy::disallowed_methods, reason = "a test reads the specification")]
        let table = String::from_utf8(std::fs::read(path).unwrap()).unwrap();
        let published: Vec<String> = table
            .lines()
            .skip(1)
            .map(|line| {
                let fields: Vec<&str> = line.split('\t').collect();
                assert_eq!(fields.len(), 7, "{line}");
                assert!(
                    !fields[5].is_empty() && !fields[6].is_empty(),
                    "a text is missing: {line}"
                );
                fields[..5].join("\t") + "\t"
            })
            .collect();
        assert_eq!(published.join("\n"), expected);
    }

    #[test]
    fn numbers_and_codes_are_unique_and_rise() {
        for pair in Reason::ALL.windows(2) {
            assert!(pair[0].number() < pair[1].number(), "{pair:?}");
            assert_ne!(pair[0].code(), pair[1].code());
        }
    }

    #[test]
    fn the_code_is_the_name_in_json() {
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_string(reason).unwrap(), format!("\"{}\"", reason.code()));
        }
    }

    #[test]
    fn after_a_key_was_used_all_causes_look_alike() {
        for reason in Reason::ALL.iter().filter(|r| r.public() == Public::AfterOpening) {
            assert_eq!(reason.outside(), Reason::RefusedAfterOpening);
            assert_eq!(reason.reply_code(), Reason::RefusedAfterOpening.reply_code());
            assert_eq!(reason.enhanced(), Reason::RefusedAfterOpening.enhanced());
        }
    }
}
