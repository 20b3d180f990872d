//! Whose name may a mail carry that was handed in here?

use crate::people::may_send_as;
use crate::state::Keyserver;
use ssmax_api::Problem;
use ssmax_api::ca::AccountKind;
use ssmax_api::keyserver::{Form, UserRecord};
use ssmax_chain::statement::Statement;
use ssmax_chain::{Reason, binding};
use ssmax_mail::address::Address;

/// Whether an envelope sender is the person's own: what bounces must not reach others.
fn may_bounce_to(user: &UserRecord, mail_from: &str) -> bool {
    Address::parse(mail_from).is_ok_and(|address| may_send_as(user, &address))
}

/// Who stands behind From, and who has acted if that is somebody else.
pub(super) struct Sender {
    pub(super) user: UserRecord,
    /// The actor's main address.
    pub(super) actor: Option<String>,
}

impl Keyserver {
    /// Who stands behind From: the person who logged in, or a role that only machines
    /// write as.
    pub(super) async fn sender(
        &self,
        statement: &Statement,
        from: &Address,
        form: Form,
    ) -> Result<Sender, Problem> {
        match (form, &statement.source) {
            (Form::System, Some(_)) => self.role(statement, from, AccountKind::System).await,
            // What a list sends on its worker has encrypted for us.
            (Form::Enveloped, Some(_)) => self.role(statement, from, AccountKind::List).await,
            // A login is no source, and without a login a source has to be named.
            (Form::System, None) | (_, Some(_)) => Err(Problem::Refused(Reason::SourceUnknown)),
            _ => self.person_logged_in(statement, from).await,
        }
    }

    /// From is an address of the person who logged in, or of somebody who lets them write
    /// in their name. The level of the login stays that of who logged in.
    async fn person_logged_in(
        &self,
        statement: &Statement,
        from: &Address,
    ) -> Result<Sender, Problem> {
        let refused = Problem::Refused(Reason::FromNotSubmitter);
        let person = self.person(&statement.user).await?.ok_or(refused)?;
        if !person.active || person.kind != AccountKind::Person {
            return Err(refused);
        }
        let sender = if may_send_as(&person, from) {
            Sender { user: person.clone(), actor: None }
        } else {
            let owner = self.person_at(from).await?.ok_or(refused)?;
            let may_lend =
                owner.active && matches!(owner.kind, AccountKind::Person | AccountKind::Shared);
            if !may_lend || !self.may_act_for(&owner.user, &person.user).await? {
                return Err(refused);
            }
            // The user id is an employee number, which nobody outside is told.
            Sender { user: owner, actor: Some(person.addresses.first().ok_or(refused)?.clone()) }
        };
        let bounces_to = |user| may_bounce_to(user, &statement.mail_from);
        if !statement.mail_from.is_empty() && !bounces_to(&person) && !bounces_to(&sender.user) {
            return Err(refused);
        }
        Ok(sender)
    }

    /// The role in whose name the organisation signs automatic mail. Nobody has logged in,
    /// so no person's name is lent, and nothing that bounces comes back.
    async fn role(
        &self,
        statement: &Statement,
        from: &Address,
        kind: AccountKind,
    ) -> Result<Sender, Problem> {
        let unknown = Problem::Refused(Reason::SourceUnknown);
        let role = self.person_at(from).await?.ok_or(unknown)?;
        let is_role = role.active && role.kind == kind;
        let names_it = statement.user == binding::normal_address(from);
        if is_role && names_it && statement.aal == 0 && statement.mail_from.is_empty() {
            Ok(Sender { user: role, actor: None })
        } else {
            Err(unknown)
        }
    }
}
