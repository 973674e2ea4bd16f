//! A certificate that only its maker vouches for, and TLS with it.

use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

pub(crate) struct SelfSigned {
    pub(crate) acceptor: TlsAcceptor,
    #[allow(dead_code)]
    pub(crate) certificate: CertificateDer<'static>,
}

impl SelfSigned {
    pub(crate) fn for_loopback() -> SelfSigned {
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let certificate = own.cert.der().clone();
        let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key)
            .unwrap();
        SelfSigned { acceptor: TlsAcceptor::from(Arc::new(config)), certificate }
    }
}
