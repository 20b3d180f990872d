//! The roles, and what they are called.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A role that `ssmax serve` can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum Role {
    /// The management organisation.
    Authority,
    /// Keys of a member.
    Keyserver,
    /// People and certificates of a member.
    Ca,
    /// Looks into mail.
    Inspector,
    /// Mail in and out.
    Gateway,
    /// Says who logged in at the MTA.
    Submission,
    /// Answers mailers' look-ups.
    Directory,
    /// Gives people their keys by a link.
    Enrol,
    /// Hears of people from an identity provider.
    Scim,
    /// How the others are, over HTTP.
    Watch,
}

impl Role {
    /// All roles, in the order in which they start: whom others need first.
    pub(crate) const ALL: [Self; 10] = [
        Self::Authority,
        Self::Keyserver,
        Self::Ca,
        Self::Inspector,
        Self::Gateway,
        Self::Submission,
        Self::Directory,
        Self::Enrol,
        Self::Scim,
        Self::Watch,
    ];

    /// The name on the command line, in `ssmax.toml`, in logs and of the ready file.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::Keyserver => "keyserver",
            Self::Ca => "ca",
            Self::Inspector => "inspector",
            Self::Gateway => "gateway",
            Self::Submission => "submission",
            Self::Directory => "directory",
            Self::Enrol => ssmax_enrol::ROLE,
            Self::Scim => "scim",
            Self::Watch => ssmax_watch::ROLE,
        }
    }

    /// The text with the role's name for people.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Authority => "cli-role-authority",
            Self::Keyserver => "cli-role-keyserver",
            Self::Ca => "cli-role-ca",
            Self::Inspector => "cli-role-inspector",
            Self::Gateway => "cli-role-gateway",
            Self::Submission => "cli-role-submission",
            Self::Directory => "cli-role-directory",
            Self::Enrol => "cli-role-enrol",
            Self::Scim => "cli-role-scim",
            Self::Watch => "cli-role-watch",
        }
    }
}
