//! A list sends a mail on as new mail of its own: signed in its name, encrypted for our own
//! submission key, so that it goes out by the road of every other mail.

use crate::people::server_held;
use crate::release::received_key;
use crate::state::{Keyserver, failed};
use crate::ticket::{Origin, lock};
use serde_bytes::ByteBuf;
use ssmax_api::Problem;
use ssmax_api::ca::AccountKind;
use ssmax_api::keyserver::UserRecord;
use ssmax_chain::Digest;
use ssmax_cms::enveloped::{ContentCipher, recipient_info_for_key};
use ssmax_hsm::KeyPurpose;
use ssmax_mail::address::Address;
use ssmax_pki::{Certificate, key_identifier};
use ssmax_token::KeyPair as _;

impl Keyserver {
    /// The list at an address, if there is one that can sign.
    pub(crate) async fn list_at(&self, address: &Address) -> Result<Option<UserRecord>, Problem> {
        let found = self.person_at(address).await?;
        let is_list = |one: &UserRecord| {
            one.active && one.kind == AccountKind::List && server_held(one).is_some()
        };
        Ok(found.filter(is_list))
    }

    /// Signs what a list makes of a mail that passed: of a member's or an own person's, for
    /// a list among its recipients.
    pub(crate) async fn sign_post(
        &self,
        ticket: &str,
        list: &str,
        entity: Digest,
    ) -> Result<Vec<u8>, Problem> {
        let (address, record) = self.list_of(ticket, list).await?;
        let der = server_held(&record).ok_or(Problem::NotAllowed)?;
        let signer = Certificate::from_der(der).map_err(failed)?;
        if !signer.has_email(&address.to_string()) {
            return Err(Problem::NotAllowed);
        }
        self.sign_entity(&signer, entity)
    }

    /// Addresses a list's new mail to our own submission key, and to nobody else.
    pub(crate) async fn encrypt_post(
        &self,
        ticket: &str,
        list: &str,
        tail: Digest,
        key: &[u8],
    ) -> Result<Vec<ByteBuf>, Problem> {
        self.list_of(ticket, list).await?;
        let open = self.tickets.find(ticket, Self::now())?;
        let open = lock(&open);
        let key = received_key(&open, ticket, &tail, key, ContentCipher::Aes256Cbc)?;
        let submission =
            self.newest_key(KeyPurpose::SubmissionEncryption, false)?.ok_or(Problem::Failed)?;
        let spki = submission.spki();
        let info =
            recipient_info_for_key(spki, &key_identifier(spki), &key, None).map_err(failed)?;
        Ok(vec![ByteBuf::from(info)])
    }

    async fn list_of(&self, ticket: &str, list: &str) -> Result<(Address, UserRecord), Problem> {
        let address = Address::parse(list).map_err(|_| Problem::Malformed)?;
        {
            let open = self.tickets.find(ticket, Self::now())?;
            let open = lock(&open);
            open.passed()?;
            // Mail of nobody known is sent on in nobody's name.
            if matches!(open.origin, Origin::Outside) || !open.is_for(&address) {
                return Err(Problem::NotAllowed);
            }
        }
        let record = self.list_at(&address).await?.ok_or(Problem::NotAllowed)?;
        Ok((address, record))
    }
}
