//! What takes turns: each way of a mail from where it is handed in to the sink.

/// Whose mail it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Of an own user to somebody of another member.
    Outbound,
    /// Of another member, encrypted and signed by its gateway, to an own user.
    Inbound,
}

/// What stands between Postfix and the sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Nothing.
    Plain,
    /// A filter behind the queue that only copies, and Postfix again.
    PassThrough,
    /// OpenDKIM, which signs.
    Milter,
    /// The gateway behind the queue, and Postfix again.
    Gateway,
    /// Two of it, which share the load.
    TwoGateways,
}

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lane {
    pub(super) direction: Direction,
    pub(super) way: Way,
}

impl Lane {
    const fn new(direction: Direction, way: Way) -> Self {
        Self { direction, way }
    }

    /// In the order of the table.
    pub(super) const ALL: [Self; 8] = [
        Self::new(Direction::Outbound, Way::Plain),
        Self::new(Direction::Outbound, Way::PassThrough),
        Self::new(Direction::Outbound, Way::Milter),
        Self::new(Direction::Outbound, Way::Gateway),
        Self::new(Direction::Outbound, Way::TwoGateways),
        Self::new(Direction::Inbound, Way::Plain),
        Self::new(Direction::Inbound, Way::PassThrough),
        Self::new(Direction::Inbound, Way::Gateway),
    ];

    /// What it is called for programs, and after `bench-mail-lane-` in the texts.
    pub(super) const fn name(self) -> &'static str {
        match (self.direction, self.way) {
            (Direction::Outbound, Way::Plain) => "out-plain",
            (Direction::Outbound, Way::PassThrough) => "out-pass-through",
            (Direction::Outbound, Way::Milter) => "out-milter",
            (Direction::Outbound, Way::Gateway) => "out-gateway",
            (Direction::Outbound, Way::TwoGateways) => "out-two-gateways",
            (Direction::Inbound, Way::Plain) => "in-plain",
            (Direction::Inbound, Way::PassThrough) => "in-pass-through",
            (Direction::Inbound, Way::Milter) => "in-milter",
            (Direction::Inbound, Way::Gateway) => "in-gateway",
            (Direction::Inbound, Way::TwoGateways) => "in-two-gateways",
        }
    }

    /// Whether our roles do the work.
    pub(super) const fn is_ours(self) -> bool {
        matches!(self.way, Way::Gateway | Way::TwoGateways)
    }
}
