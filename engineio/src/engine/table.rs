//! Who has a place in the engine: the sessions, and the handshakes that may
//! become some.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::shared::Shared;
use crate::{Limits, Refused, Sid};

/// The sessions by their ids, and how many places are taken.
#[derive(Default)]
pub(super) struct Table {
    /// An id without a session is reserved by a handshake.
    sessions: HashMap<Sid, Option<Arc<Shared>>>,
    open: usize,
    places: usize,
    networks: HashMap<Network, usize>,
}

/// A place that a handshake took, for the session that comes of it.
pub(super) struct Place {
    /// Where it is counted, if there is a limit to it.
    network: Option<Network>,
    sid: Option<Sid>,
}

/// Where a client comes from: its IPv4 address, or its network of 64 bits.
///
/// Both are told apart: what begins with 32 zeros is not given to anybody.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
struct Network(u64);

impl Table {
    /// Takes a place for a client of this address.
    pub(super) fn enter(
        &mut self,
        address: Option<SocketAddr>,
        limits: &Limits,
    ) -> Result<Place, Refused> {
        if self.places >= limits.sessions {
            return Err(Refused::Unavailable);
        }
        let is_limited = limits.sessions_per_address < usize::MAX;
        let network = address.filter(|_| is_limited).map(Network::of);
        if let Some(network) = network {
            let count = self.networks.get(&network).copied().unwrap_or_default();
            if count >= limits.sessions_per_address {
                return Err(Refused::TooManySessions);
            }
            self.networks.insert(network, count + 1);
        }
        self.places += 1;
        Ok(Place { network, sid: None })
    }

    /// Keeps an id for a place; it stays with whoever came first.
    pub(super) fn reserve(&mut self, sid: Sid, place: &mut Place) -> Result<(), Refused> {
        match self.sessions.entry(sid) {
            Entry::Occupied(_) => Err(Refused::IdGeneration("the id is in use".into())),
            Entry::Vacant(vacant) => {
                place.sid = Some(vacant.key().clone());
                vacant.insert(None);
                Ok(())
            }
        }
    }

    /// Opens the session whose id was reserved.
    pub(super) fn open(&mut self, shared: Arc<Shared>) {
        self.sessions.insert(shared.sid().clone(), Some(shared));
        self.open += 1;
    }

    /// Gives a place back, with the session that had it.
    pub(super) fn leave(&mut self, place: &Place) -> Option<Arc<Shared>> {
        self.places -= 1;
        if let Some(network) = place.network
            && let Entry::Occupied(mut count) = self.networks.entry(network)
        {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
        let shared = self.sessions.remove(place.sid.as_ref()?).flatten();
        self.open -= usize::from(shared.is_some());
        shared
    }

    pub(super) fn get(&self, sid: &str) -> Option<Arc<Shared>> {
        self.sessions.get(sid).cloned().flatten()
    }

    /// How many sessions are open.
    pub(super) fn len(&self) -> usize {
        self.open
    }

    pub(super) fn all(&self) -> Vec<Arc<Shared>> {
        self.sessions.values().flatten().cloned().collect()
    }
}

impl Place {
    pub(super) fn sid(&self) -> Option<&Sid> {
        self.sid.as_ref()
    }
}

impl Network {
    fn of(address: SocketAddr) -> Self {
        // A listener for both families tells IPv4 addresses as mapped ones.
        match address.ip().to_canonical() {
            IpAddr::V4(address) => Self(address.to_bits().into()),
            IpAddr::V6(address) => Self((address.to_bits() >> 64) as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(table: &mut Table, address: &str, limits: &Limits) -> Result<Place, Refused> {
        let address = address.parse().unwrap();
        table.enter(Some(SocketAddr::new(address, 5000)), limits)
    }

    #[test]
    fn clients_are_counted_by_address_and_ipv6_ones_by_network() {
        let limits = Limits::default().sessions_per_address(1);
        for (first, second, is_the_same) in [
            ("203.0.113.1", "203.0.113.1", true),
            ("203.0.113.1", "::ffff:203.0.113.1", true),
            ("203.0.113.1", "203.0.113.2", false),
            ("2001:db8::1", "2001:db8::ffff:2", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
            ("::ffff:203.0.113.1", "::ffff:203.0.113.2", false),
        ] {
            let mut table = Table::default();
            enter(&mut table, first, &limits).unwrap();
            let refused = enter(&mut table, second, &limits).err();
            let expected = is_the_same.then_some(Refused::TooManySessions);
            assert_eq!(refused, expected, "{first} {second}");
        }
    }

    #[test]
    fn a_place_that_is_given_back_can_be_taken_again() {
        let limits = Limits::default().sessions(2).sessions_per_address(1);
        let mut table = Table::default();
        let place = enter(&mut table, "203.0.113.1", &limits).unwrap();
        assert!(enter(&mut table, "203.0.113.1", &limits).is_err());
        assert!(table.leave(&place).is_none());
        enter(&mut table, "203.0.113.1", &limits).unwrap();
        enter(&mut table, "203.0.113.2", &limits).unwrap();
        let full = enter(&mut table, "203.0.113.3", &limits).err();
        assert_eq!(full, Some(Refused::Unavailable));
        assert_eq!(table.len(), 0, "none is open");
    }

    #[test]
    fn an_id_is_kept_for_whoever_came_first_until_it_leaves() {
        let limits = Limits::default();
        let mut table = Table::default();
        let mut one = table.enter(None, &limits).unwrap();
        let mut two = table.enter(None, &limits).unwrap();
        let sid = Sid::from_bytes([1; 15]);
        assert_eq!(table.reserve(sid.clone(), &mut one), Ok(()));
        assert!(table.reserve(sid.clone(), &mut two).is_err());
        table.leave(&two);
        assert!(table.get(sid.as_str()).is_none(), "it is not open");
        let mut three = table.enter(None, &limits).unwrap();
        assert!(table.reserve(sid.clone(), &mut three).is_err());
        table.leave(&one);
        assert_eq!(table.reserve(sid, &mut three), Ok(()));
    }
}
