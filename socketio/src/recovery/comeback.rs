//! How a client comes back.

use engineio::Sid;
use futures_util::FutureExt;

use super::{Claim, KeptSession, auth, ledger::Moment};
use crate::hooks::Boxed;
use crate::proto::draft::is_offset;
use crate::sync::read;
use crate::{Args, Namespace, Protocol};

/// A client that comes back to its session.
pub(crate) struct Comeback {
    pub(crate) moment: Moment,
    /// That of the last event that it has, as it says.
    pub(crate) offset: String,
    pub(crate) session: KeptSession,
}

impl Comeback {
    /// Asks for the session that a client says was its own: what comes out is `None`
    /// if there is none any more. `None` if it does not say so, or what it says is none.
    pub(crate) fn of(
        namespace: &Namespace,
        protocol: Protocol,
        auth: &Args,
    ) -> Option<Boxed<Option<Box<Self>>>> {
        // Clients of revision 3 know no pid, and no offset.
        let is_possible = namespace.recovery().is_some() && protocol == Protocol::V5;
        let claim = is_possible.then(|| auth.parse::<Claim>().ok())??;
        // A store may take them apart.
        let is_good = is_offset(&claim.offset) && Sid::new(&*claim.pid).is_ok();
        if !is_good {
            return None;
        }
        let (namespace, auth) = (namespace.clone(), auth.clone());
        let asked = async move {
            let ledger = namespace.recovery()?;
            let auth = auth::digest(&auth);
            let restored = ledger.restore(&namespace, &claim, auth).await;
            let (session, moment) = restored?;
            // What a pattern made was not there, and has not kept everything.
            let is_known = session.local.is_some() || !namespace.is_made();
            if !is_known || read(namespace.index()).contains(session.sid()) {
                crate::unwind::discard(session);
                return None;
            }
            Some(Box::new(Self {
                moment,
                offset: claim.offset,
                session,
            }))
        };
        Some(asked.boxed())
    }
}
