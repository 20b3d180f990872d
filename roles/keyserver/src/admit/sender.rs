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

impl Keyserver {
    /// Who stands behind From: the person who logged in, or a role that only machines
    /// write as.
    pub(super) async fn sender(
        &self,
        statement: &Statement,
        from: &Address,
        form: Form,
    ) -> Result<UserRecord, Problem> {
        match (form, &statement.source) {
            (Form::System, Some(_)) => self.role(statement, from).await,
            // A login is no source, and without a login a source has to be named.
            (Form::System, None) | (_, Some(_)) => Err(Problem::Refused(Reason::SourceUnknown)),
            _ => self.person_logged_in(statement, from).await,
        }
    }

    async fn person_logged_in(
        &self,
        statement: &Statement,
        from: &Address,
    ) -> Result<UserRecord, Problem> {
        let refused = Problem::Refused(Reason::FromNotSubmitter);
        let user = self.person(&statement.user).await?.ok_or(refused)?;
        let is_person = user.active && user.kind == AccountKind::Person;
        if !is_person || !may_send_as(&user, from) {
            return Err(refused);
        }
        if !statement.mail_from.is_empty() && !may_bounce_to(&user, &statement.mail_from) {
            return Err(refused);
        }
        Ok(user)
    }

    /// The role in whose name the organisation signs automatic mail. Nobody has logged in,
    /// so no person's name is lent, and nothing that bounces comes back.
    async fn role(&self, statement: &Statement, from: &Address) -> Result<UserRecord, Problem> {
        let unknown = Problem::Refused(Reason::SourceUnknown);
        let role = self.person_at(from).await?.ok_or(unknown)?;
        let is_role = role.active && role.kind == AccountKind::System;
        let names_it = statement.user == binding::normal_address(from);
        if is_role && names_it && statement.aal == 0 && statement.mail_from.is_empty() {
            Ok(role)
        } else {
            Err(unknown)
        }
    }
}
