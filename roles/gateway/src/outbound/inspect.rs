//! May it pass? A worker looks into it, and composes what travels on.

use super::accept::parse;
use super::authenticate::Known;
use super::outside::Way;
use crate::fate::Fates;
use crate::gateway::{Gateway, fitting};
use crate::hold::Release;
use serde_bytes::ByteBuf;
use ssmax_api::inspector::{Inspect, Inspected as Answer, Plan, SealedCopy};
use ssmax_api::keyserver::{Form, FreshForm, OutboundTicket, RecipientRoute};
use ssmax_chain::journey::{Inspected, Inspection, Mail};
use ssmax_chain::{Digest, Reason, Refusal};
use ssmax_inspection::Outcome;

/// What the worker made.
pub(super) struct Made {
    pub(super) fresh: Vec<(FreshForm, Digest, ByteBuf)>,
    pub(super) sealed: Vec<SealedCopy>,
    /// What lists made of it: their address and the new mail.
    pub(super) posts: Vec<(String, ByteBuf)>,
    /// For recipients outside the federation.
    pub(super) outside: Vec<(String, ByteBuf)>,
    /// Recipients here who get the mail preserved.
    pub(super) preserved_for: Vec<String>,
    pub(super) form: Form,
    pub(super) message_id: String,
    pub(super) from: String,
}

impl Gateway {
    pub(super) async fn inspect_outbound(
        &self,
        known: Known,
        fates: &mut Fates,
    ) -> Result<Mail<Inspected<OutboundTicket, Made>>, Refusal> {
        let (mut plan, later) = self.outbound_plan(&known, fates)?;
        plan.tolerate = fates.release.as_ref().map(Release::tolerates);
        let inside = plan.seal_for.clone();
        let request = Inspect {
            ticket: known.mail.ticket().ticket.clone(),
            mail: known.mail.shared_octets(),
            plan,
        };
        let answer = match self.inspector(request).await? {
            Answer::Passed { fresh, sealed, posts, preserved, outside, findings, .. } => {
                fates.inspected(Outcome::Pass, &findings);
                Inspection::Passed(Made {
                    fresh,
                    sealed,
                    posts,
                    outside,
                    preserved_for: if preserved { inside } else { Vec::new() },
                    form: known.form,
                    message_id: known.message_id,
                    from: known.from,
                })
            }
            Answer::Stopped { reason, outcome, findings } => {
                fates.found(outcome, findings);
                Inspection::Stopped(reason)
            }
        };
        let mail = known.mail.inspected(answer)?;
        // Told only now: of a mail that is stopped it would say that its key came out.
        for (recipient, reason) in &later {
            fates.refuse(recipient, (*reason).into());
        }
        Ok(mail)
    }

    /// What the worker is to make. Recipients whose copies do not fit into one answer
    /// have to wait: the client sends the mail again, and the others have it by then.
    fn outbound_plan(
        &self,
        known: &Known,
        fates: &Fates,
    ) -> Result<(Plan, Vec<(String, Reason)>), Refusal> {
        let mut later = Vec::new();
        let most = fitting(known.mail.octets().len());
        let mut plan = Plan {
            encrypted: (known.form == Form::Enveloped).then(String::new),
            attachments: (known.form == Form::Attachments)
                .then_some(self.settings.gateway.attachments),
            server_signature: known.server_signature.clone(),
            preserve: self.settings.preserves() && known.form != Form::Attachments,
            authserv_id: self.settings.gateway.host_name.clone(),
            ..Plan::default()
        };
        let in_clear = !known.form.is_encrypted();
        for route in &known.mail.ticket().routes {
            match route {
                RecipientRoute::Inside { recipient } => {
                    if plan.seal_for.len() + plan.fresh.len() >= most {
                        later.push((recipient.clone(), Reason::InspectorUnavailable));
                        continue;
                    }
                    plan.seal_for.push(recipient.clone());
                    // What came in clear is encrypted once, for all of them.
                    let cbc = FreshForm::MailCbc;
                    if plan.preserve && in_clear && !plan.fresh.contains(&cbc) {
                        plan.fresh.push(cbc);
                    }
                }
                RecipientRoute::List { recipient } => {
                    let octets = known.mail.octets();
                    let mail_from = &known.mail.envelope().mail_from;
                    let post = self.post(recipient, &parse(octets)?, mail_from, octets, None);
                    match post {
                        Ok(post) if plan.lists.len() + plan.seal_for.len() < most => {
                            plan.lists.push(post);
                        }
                        Ok(_) => later.push((recipient.clone(), Reason::InspectorUnavailable)),
                        Err(reason) => later.push((recipient.clone(), reason)),
                    }
                }
                RecipientRoute::Member { recipient, form, .. } => {
                    if in_clear && !plan.fresh.contains(form) {
                        if plan.seal_for.len() + plan.fresh.len() >= most {
                            later.push((recipient.clone(), Reason::InspectorUnavailable));
                            continue;
                        }
                        plan.fresh.push(*form);
                    }
                    plan.leaves = true;
                }
                RecipientRoute::Outside { recipient, certified } => {
                    let way = self.way_outside(known.form, *certified, fates.release.is_some());
                    if way == Way::Encrypted {
                        if plan.seal_for.len() + plan.fresh.len() + plan.outside_for.len() >= most {
                            later.push((recipient.clone(), Reason::InspectorUnavailable));
                            continue;
                        }
                        plan.outside_for.push(recipient.clone());
                    }
                    plan.leaves |= !matches!(way, Way::Refused(_));
                }
                RecipientRoute::Refused { .. } => {}
            }
        }
        Ok((plan, later))
    }
}
