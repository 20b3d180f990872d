//! The management organisation.

use crate::member::Member;
use crate::place::Place;
use crate::process::Running;
use crate::ssmax::Site;
use crate::tap::Tap;
use std::net::{Ipv4Addr, SocketAddr};

/// A founded federation, and its running authority.
#[derive(Debug)]
pub struct Authority {
    site: Site,
    /// Where members find it.
    address: SocketAddr,
    tap: Option<Tap>,
    root_sha256: String,
    serving: Option<Running>,
}

impl Authority {
    /// Founds a federation; the authority does not serve yet.
    #[track_caller]
    pub fn found(place: &Place) -> Self {
        let listen = place.free(Ipv4Addr::LOCALHOST);
        Self::found_at(place, listen, listen)
    }

    /// As [`Authority::found`], with a tap before it.
    #[track_caller]
    pub fn found_behind_tap(place: &Place) -> Self {
        let [address, listen] = std::array::from_fn(|_| place.free(Ipv4Addr::LOCALHOST));
        let tap = Tap::tcp(address, listen);
        Self { tap: Some(tap), ..Self::found_at(place, address, listen) }
    }

    #[track_caller]
    fn found_at(place: &Place, address: SocketAddr, listen: SocketAddr) -> Self {
        let config = format!(
            "state_dir = \"state\"\nrun_dir = \"run\"\n\n\
             [authority]\nname = \"Test Federation\"\nurl = \"https://{address}\"\n\
             listen = \"{listen}\"\nunlock_file = \"unlock\"\n"
        );
        let site = Site::new(place.private_dir("authority"), &config);
        let made = site.facts(&["authority", "init"]);
        let root_sha256 = made["root_sha256"].as_str().unwrap().to_owned();
        Self { site, address, tap: None, root_sha256, serving: None }
    }

    /// Where members find it.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// What lies between it and its members.
    pub fn tap(&self) -> &Tap {
        self.tap.as_ref().unwrap()
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
