//! Texts that nobody guesses.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::zeroize::Zeroizing;

/// 256 bits in 43 letters: what PKCE asks of a verifier. Only letters, digits, `-` and `_`, since
/// some SDKs put what the server gives them into a query unescaped.
pub(crate) fn text() -> String {
    let mut bytes = Zeroizing::new([0; 32]);
    aws_lc_rs::rand::fill(&mut *bytes).expect("the operating system gives randomness");
    URL_SAFE_NO_PAD.encode(*bytes)
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn random_texts_differ_and_are_safe_in_addresses() {
        let (first, second) = (text(), text());
        assert_ne!(first, second);
        assert_eq!(first.len(), 43);
        assert!(first.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }
}
