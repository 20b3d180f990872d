//! The management organisation.

use crate::member::Member;
use crate::place::Place;
use crate::process::Running;
use crate::ssmax::Site;
use std::net::{Ipv4Addr, SocketAddr};

/// A founded federation, and its running authority.
#[derive(Debug)]
pub struct Authority {
    site: Site,
    listen: SocketAddr,
    root_sha256: String,
    serving: Option<Running>,
}

impl Authority {
    /// Founds a federation; the authority does not serve yet.
    #[track_caller]
    pub fn found(place: &Place) -> Self {
        let listen = place.free(Ipv4Addr::LOCALHOST);
        let config = format!(
            "state_dir = \"state\"\nrun_dir = \"run\"\n\n\
             [authority]\nname = \"Test Federation\"\nurl = \"https://{listen}\"\n\
             listen = \"{listen}\"\nunlock_file = \"unlock\"\n"
        );
        let site = Site::new(place.private_dir("authority"), &config);
        let made = site.facts(&["authority", "init"]);
        let root_sha256 = made["root_sha256"].as_str().unwrap().to_owned();
        Self { site, listen, root_sha256, serving: None }
    }

    /// Where members find it.
    pub fn url(&self) -> String {
        format!("https://{}", self.listen)
    }

    /// Starts it.
    #[track_caller]
    pub fn serve(&mut self) {
        self.serving = Some(self.site.serve(&[], &["authority"]));
    }

    /// Its folder.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Takes a member's application, and brings it the answer.
    #[track_caller]
    pub fn admit(&self, member: &Member) {
        let site = member.site();
        let _ = site.run(&["org", "init", "--out", "application.json"]).ends(0);
        let application = site.path("application.json");
        let admission = site.path("admission.json");
        let files = [application.to_str().unwrap(), "--out", admission.to_str().unwrap()];
        let _ = self.site.run(&[&["authority", "admit"], &files[..]].concat()).ends(0);
        let install = ["org", "install", "admission.json", "--root-sha256", &self.root_sha256];
        let _ = site.run(&install).ends(0);
    }
}
