//! Opening a mail: decrypting it and judging who wrote it.

use ssmax_mail::{Limits, canonical};
use ssmax_pki::Certificate;
use ssmax_smime::decrypt::{DecryptFault, decrypt};
use ssmax_smime::judge::{Judgement, Question, judge, judge_opened};
use ssmax_token::DecryptionKey;
use zeroize::Zeroizing;

use crate::parts;

/// A mail as a person can read it, and what to think of it.
#[derive(Debug)]
pub struct Opened {
    /// Who wrote it, and whether that is certain.
    pub judgement: Judgement,
    /// The mail without its encryption: the fields as delivered around the content.
    pub mail: Zeroizing<Vec<u8>>,
    /// The decrypted content entity; `None` for a mail that was not encrypted.
    pub content: Option<Zeroizing<Vec<u8>>>,
}

/// Opens a mail with the key of its reader. One that is not encrypted is judged as it
/// is.
///
/// The content comes back whatever the judgement: a person may want to see a mail that
/// is not good. Only a good one may be believed.
///
/// # Errors
/// Those of [`decrypt`], but for [`DecryptFault::NotEncrypted`].
pub fn open(
    message: &[u8],
    key: &dyn DecryptionKey,
    certificate: Option<&Certificate>,
    question: &Question<'_>,
) -> Result<Opened, DecryptFault> {
    let content = match decrypt(message, key, certificate) {
        Ok(content) => Zeroizing::new(canonical::to_crlf(&content)),
        Err(DecryptFault::NotEncrypted) => {
            return Ok(Opened {
                judgement: judge(message, question),
                mail: Zeroizing::new(message.to_vec()),
                content: None,
            });
        }
        Err(fault) => return Err(fault),
    };
    let delivered = ssmax_mail::parse(message, &Limits::default()).map_err(DecryptFault::Mail)?;
    let mail = parts::join(&parts::outer_fields(&delivered), &content);
    Ok(Opened {
        judgement: judge_opened(message, &content, question),
        mail: Zeroizing::new(mail),
        content: Some(content),
    })
}
