use crate::asking::Site;

pub(crate) async fn run(_: &Site) {}
