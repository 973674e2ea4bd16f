//! The applications that may ask for tokens: their secrets, rights and addresses to return to.

use std::collections::{HashMap, HashSet};

use super::game::Environment;
use super::rights::Right;

/// The id that official test suites expect to be refused.
const REFUSED: &str = "wrong_id";

#[derive(Clone, Default)]
pub(super) struct Clients {
    known: HashMap<String, Client>,
    redirects: HashMap<String, Vec<String>>,
    /// The ids of the test clients.
    tests: HashSet<String>,
}

#[derive(Clone)]
struct Client {
    secret: String,
    rights: Vec<Right>,
}

impl Clients {
    pub(super) fn add(&mut self, id: String, secret: String, rights: Vec<Right>) {
        self.known.insert(id, Client { secret, rights });
    }

    pub(super) fn add_redirect(&mut self, id: String, uri: String) {
        self.redirects.entry(id).or_default().push(uri);
    }

    pub(super) fn add_test(&mut self, id: String) {
        self.tests.insert(id);
    }

    /// Where everything happens that this client does.
    pub(super) fn environment(&self, id: &str) -> Environment {
        if self.tests.contains(id) { Environment::Staging } else { Environment::Production }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    pub(super) fn is_refused(id: &str) -> bool {
        id == REFUSED
    }

    /// Whether this is the client's secret. The first one seen with an unknown id becomes its own.
    pub(super) fn authenticate(&mut self, id: &str, secret: &str) -> bool {
        if Clients::is_refused(id) {
            return false;
        }
        let client = self
            .known
            .entry(id.to_owned())
            .or_insert_with(|| Client { secret: secret.to_owned(), rights: Right::ALL.to_vec() });
        client.secret == secret
    }

    pub(super) fn secret(&self, id: &str) -> Option<&str> {
        self.known.get(id).map(|client| client.secret.as_str())
    }

    /// A client may log players in before it ever showed a secret.
    pub(super) fn rights(&self, id: &str) -> &[Right] {
        self.known.get(id).map_or(Right::ALL, |client| &client.rights)
    }

    /// Any address will do for a client that registered none.
    pub(super) fn may_return_to(&self, id: &str, uri: &str) -> bool {
        self.redirects.get(id).is_none_or(|uris| uris.iter().any(|known| known == uri))
    }
}

#[cfg(test)]
mod tests {
    use super::{Clients, Environment};

    #[test]
    fn the_first_secret_of_an_unknown_client_is_its_secret() {
        let mut clients = Clients::default();
        assert!(clients.authenticate("a", "b"));
        assert!(!clients.authenticate("a", "c"));
        assert_eq!(clients.secret("a"), Some("b"));
    }

    #[test]
    fn a_client_returns_to_its_own_addresses_if_it_has_any() {
        let mut clients = Clients::default();
        assert!(clients.may_return_to("a", "https://any.example"));
        clients.add_redirect("a".to_owned(), "https://app.example/cb".to_owned());
        assert!(clients.may_return_to("a", "https://app.example/cb"));
        assert!(!clients.may_return_to("a", "https://app.example/cb/"));
    }

    #[test]
    fn a_test_client_is_at_home_in_staging() {
        let mut clients = Clients::default();
        clients.add_test("probe".to_owned());
        assert_eq!(clients.environment("probe"), Environment::Staging);
        assert_eq!(clients.environment("shop"), Environment::Production);
    }
}
