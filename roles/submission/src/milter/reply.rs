//! What the MTA is told.

/// Frames for the MTA, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Replies(Vec<u8>);

impl Replies {
    /// The octets, ready to be written.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.0
    }

    /// Goes on.
    #[must_use]
    pub fn go_on(mut self) -> Self {
        self.push(b'c', &[]);
        self
    }

    /// Answers the negotiation.
    #[must_use]
    pub fn negotiated(mut self, answer: &[u8]) -> Self {
        self.push(b'O', answer);
        self
    }

    /// Refuses the command with an SMTP reply of one line, as "550 5.7.1 text".
    #[must_use]
    pub fn refuse(mut self, reply: &str) -> Self {
        // A per cent sign begins a directive in libmilter's form of this text.
        let text: String = reply.chars().filter(|c| !c.is_control() && *c != '%').collect();
        self.push(b'y', &[text.as_bytes(), b"\0"].concat());
        self
    }

    /// Has the client try again later.
    #[must_use]
    pub fn put_off(mut self) -> Self {
        self.push(b't', &[]);
        self
    }

    /// Takes out the field that is the `index`th of this name, counted from 1.
    #[must_use]
    pub fn without_field(mut self, index: u32, name: &str) -> Self {
        self.push(b'm', &[&index.to_be_bytes(), name.as_bytes(), b"\0\0"].concat());
        self
    }

    /// Puts a field on top, above what the MTA itself has written.
    #[must_use]
    pub fn with_field(mut self, name: &str, value: &str) -> Self {
        let index = 0_u32.to_be_bytes();
        self.push(b'i', &[&index, name.as_bytes(), b"\0", value.as_bytes(), b"\0"].concat());
        self
    }

    fn push(&mut self, letter: u8, octets: &[u8]) {
        // A field is bounded far below what a length can say.
        let length = u32::try_from(octets.len() + 1).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.push(letter);
        self.0.extend_from_slice(octets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_stand_on_the_wire_one_behind_the_other() {
        let replies = Replies::default()
            .without_field(2, "X-A")
            .with_field("X-A", " b\n c")
            .go_on()
            .refuse("550 5.7.1 no, 100%\r\n")
            .put_off()
            .negotiated(b"\0");
        let expected = b"\0\0\0\x0am\0\0\0\x02X-A\0\0\0\0\0\x0fi\0\0\0\0X-A\0 b\n c\0\
            \0\0\0\x01c\0\0\0\x13y550 5.7.1 no, 100\0\0\0\0\x01t\0\0\0\x02O\0";
        assert_eq!(replies.octets(), expected, "{}", replies.octets().escape_ascii());
    }
}
