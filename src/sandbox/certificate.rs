//! The certificate with which the sandbox speaks TLS.

use std::fmt;
use std::sync::Arc;

use rcgen::KeyPair;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

/// A certificate with its key, for a sandbox that speaks TLS.
///
/// ```
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use playoff::sandbox::{Certificate, Sandbox};
///
/// let certificate = Certificate::self_signed(["127.0.0.1"])?;
/// let trusted = reqwest::Certificate::from_pem(certificate.pem().as_bytes())?;
/// let sandbox = Sandbox::builder().tls(certificate).start().await?;
/// assert!(sandbox.url().starts_with("https://127.0.0.1:"));
///
/// let http = reqwest::Client::builder().tls_certs_only([trusted]).build()?;
/// let playoff = sandbox.playoff_builder().http_client(http).build()?;
/// assert_eq!(playoff.v2().get_player().player_id("johny").await?.id, "johny");
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
/// #     .block_on(example()).unwrap();
/// ```
#[derive(Clone)]
pub struct Certificate {
    pem: String,
    config: Arc<ServerConfig>,
}

impl Certificate {
    /// A new certificate for these names or addresses, which nobody but a client that is told so
    /// trusts: give it [`pem`](Certificate::pem).
    ///
    /// # Errors
    ///
    /// When a name cannot stand in a certificate.
    pub fn self_signed(
        names: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Certificate, CertificateError> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let own = rcgen::generate_simple_self_signed(names)
            .map_err(|error| CertificateError(error.to_string()))?;
        let (key, pem): (KeyPair, String) = (own.signing_key, own.cert.pem());
        Certificate::from_pem(&pem, &key.serialize_pem())
    }

    /// A certificate with the chain above it, and its key, both as PEM.
    ///
    /// # Errors
    ///
    /// When one of them cannot be read or they do not belong together. The error says nothing of the
    /// key.
    pub fn from_pem(chain: &str, key: &str) -> Result<Certificate, CertificateError> {
        let chain_of: Result<Vec<CertificateDer<'static>>, _> =
            CertificateDer::pem_slice_iter(chain.as_bytes()).collect();
        let chain_of = chain_of.map_err(|_| refused("the certificate is no PEM"))?;
        if chain_of.is_empty() {
            return Err(refused("there is no certificate in the PEM"));
        }
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
            .map_err(|_| refused("there is no private key in the PEM"))?;
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| CertificateError(error.to_string()))?
            .with_no_client_auth()
            .with_single_cert(chain_of, key)
            .map_err(|error: rustls::Error| CertificateError(error.to_string()))?;
        Ok(Certificate { pem: chain.to_owned(), config: Arc::new(config) })
    }

    /// The certificate as PEM, without its key: what a client has to trust.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}

fn refused(text: &str) -> CertificateError {
    CertificateError(text.to_owned())
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").finish_non_exhaustive()
    }
}

/// A certificate that cannot be used.
#[derive(Debug)]
pub struct CertificateError(String);

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "certificate of the sandbox: {}", self.0)
    }
}

impl std::error::Error for CertificateError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_or_key_is_refused_without_a_word_of_the_key() {
        let good = Certificate::self_signed(["localhost"]).unwrap();
        for (chain, key) in [("", ""), (good.pem(), "CANARY"), ("CANARY", "CANARY")] {
            let error = Certificate::from_pem(chain, key).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("CANARY"), "{error}");
        }
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let good = Certificate::self_signed(["localhost"]).unwrap();
        let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        assert!(Certificate::from_pem(good.pem(), &other.signing_key.serialize_pem()).is_err());
    }

    #[test]
    fn a_name_that_cannot_stand_in_a_certificate_is_refused() {
        assert!(Certificate::self_signed(["ü"]).is_err());
    }
}
