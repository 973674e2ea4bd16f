//! The sessions of an application that are in use, one for each user.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::session::{Issuer, Session};

/// Sessions in use, so that one user's calls share a renewal whatever the store.
#[derive(Default)]
pub(super) struct Sessions(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    by_user: HashMap<Box<str>, Entry>,
    /// Look for those that nobody uses any more when there are this many.
    tidy_at: usize,
}

struct Entry {
    session: Weak<Session>,
    /// Held for as long as its token could not be written: it is in no other place.
    held: Option<Arc<Session>>,
}

impl Entry {
    fn is_used(&mut self) -> bool {
        self.held.take_if(|session| !session.is_unwritten());
        self.session.strong_count() > 0
    }
}

impl Sessions {
    /// The session of `user`: the one in use, or a new one.
    pub(super) fn of(self: &Arc<Self>, user: &str, issuer: &Arc<Issuer>) -> Arc<Session> {
        let mut inner = self.inner();
        let found = inner.by_user.get(user);
        if let Some(session) = found.and_then(|entry| entry.session.upgrade()) {
            return session;
        }
        if inner.by_user.len() >= inner.tidy_at {
            inner.by_user.retain(|_, entry| entry.is_used());
            inner.tidy_at = inner.by_user.len() * 2 + 64;
        }
        let session = Session::of_user(Arc::clone(issuer), user, Arc::downgrade(self));
        let entry = Entry { session: Arc::downgrade(&session), held: None };
        inner.by_user.insert(Box::from(user), entry);
        session
    }

    /// Holds on to the session of `user` while its token lives in memory alone, and lets go of it
    /// when it does not.
    pub(super) fn hold(&self, user: &str, session: &Arc<Session>) {
        let held = session.is_unwritten().then(|| Arc::clone(session));
        if let Some(entry) = self.inner().by_user.get_mut(user) {
            entry.held = held;
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
