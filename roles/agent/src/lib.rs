//! What a person does with a key when the mailer cannot.
