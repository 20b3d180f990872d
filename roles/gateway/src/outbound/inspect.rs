//! May it pass? A worker looks into it, and composes what travels on.

use super::authenticate::Known;
use crate::gateway::Gateway;
use serde_bytes::ByteBuf;
use ssmax_api::inspector::{Inspect, Inspected as Answer, Plan, SealedCopy};
use ssmax_api::keyserver::{Form, FreshForm, OutboundTicket, RecipientRoute};
use ssmax_chain::journey::{Inspected, Inspection, Mail};
use ssmax_chain::{Digest, Refusal};

/// What the worker made.
pub(super) struct Made {
    pub(super) fresh: Vec<(FreshForm, Digest, ByteBuf)>,
    pub(super) sealed: Vec<SealedCopy>,
    pub(super) form: Form,
    pub(super) message_id: String,
    pub(super) from: String,
}

impl Gateway {
    pub(super) async fn inspect_outbound(
        &self,
        known: Known,
    ) -> Result<Mail<Inspected<OutboundTicket, Made>>, Refusal> {
        let ticket = known.mail.ticket();
        let request = Inspect {
            ticket: ticket.ticket.clone(),
            mail: known.mail.octets().to_vec(),
            plan: self.outbound_plan(&known),
        };
        let answer = match self.inspector(&request).await? {
            Answer::Passed { fresh, sealed, findings, .. } => {
                for finding in &findings {
                    tracing::info!(rule = %finding.rule, part = %finding.part, "something was found, and may pass");
                }
                Inspection::Passed(Made {
                    fresh,
                    sealed,
                    form: known.form,
                    message_id: known.message_id,
                    from: known.from,
                })
            }
            Answer::Stopped { reason, findings, .. } => {
                for finding in &findings {
                    tracing::warn!(rule = %finding.rule, part = %finding.part, what = %finding.what, "a mail is stopped");
                }
                Inspection::Stopped(reason)
            }
        };
        known.mail.inspected(answer)
    }

    fn outbound_plan(&self, known: &Known) -> Plan {
        let mut plan = Plan {
            encrypted: (known.form == Form::Enveloped).then(String::new),
            server_signature: known.server_signature.clone(),
            authserv_id: self.settings.gateway.host_name.clone(),
            ..Plan::default()
        };
        for route in &known.mail.ticket().routes {
            match route {
                RecipientRoute::Inside { recipient } => plan.seal_for.push(recipient.clone()),
                RecipientRoute::Member { form, .. } => {
                    plan.leaves = true;
                    if known.form != Form::Enveloped && !plan.fresh.contains(form) {
                        plan.fresh.push(*form);
                    }
                }
                RecipientRoute::Refused { .. } => {}
            }
        }
        plan
    }
}
