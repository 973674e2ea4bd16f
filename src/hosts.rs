//! The two hosts of an installation.

use reqwest::Url;

use crate::Error;

const DEFAULT_HOST: &str = "playoffgamification.io";

/// Where tokens come from and where the API is.
#[derive(Debug)]
pub(crate) struct Hosts {
    pub(crate) auth: Url,
    pub(crate) api: Url,
}

impl Hosts {
    pub(crate) fn token_url(&self) -> Url {
        self.auth("/auth/token")
    }

    pub(crate) fn login_url(&self) -> Url {
        self.auth("/auth")
    }

    pub(crate) fn logout_url(&self) -> Url {
        self.auth("/logout")
    }

    fn auth(&self, path: &str) -> Url {
        let mut url = self.auth.clone();
        url.set_path(&format!("{}{path}", self.auth.path().trim_end_matches('/')));
        url
    }
}

/// The hosts from one name, from base URLs, or the public service's.
pub(crate) fn resolve(
    hostname: Option<&str>,
    auth_url: Option<&str>,
    api_url: Option<&str>,
    allow_http: bool,
) -> Result<Hosts, Error> {
    let name = hostname.unwrap_or(DEFAULT_HOST);
    let auth = match auth_url {
        Some(url) => base("auth_url", url)?,
        None => from_name(name, "")?,
    };
    let api = match api_url {
        Some(url) => base("api_url", url)?,
        None => from_name(name, "api.")?,
    };
    for (option, url) in [("auth_url", &auth), ("api_url", &api)] {
        protected(option, url, allow_http)?;
    }
    Ok(Hosts { auth, api })
}

/// An address with a query, if it has one.
pub(crate) fn address(option: &str, text: &str, allow_http: bool) -> Result<Url, Error> {
    let url = http(option, text)?;
    protected(option, &url, allow_http)?;
    Ok(url)
}

fn protected(option: &str, url: &Url, allow_http: bool) -> Result<(), Error> {
    if url.scheme() == "http" && !allow_http && !is_loopback(url) {
        return Err(Error::init(
            option,
            "plain http is for this machine alone: use https, or allow_http(true)",
        ));
    }
    Ok(())
}

fn from_name(name: &str, prefix: &str) -> Result<Url, Error> {
    let plain = !name.is_empty()
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
    plain
        .then(|| Url::parse(&format!("https://{prefix}{name}")).ok())
        .flatten()
        .ok_or_else(|| Error::init("hostname", "give a host name, `playoff.example` for instance"))
}

fn http(option: &str, text: &str) -> Result<Url, Error> {
    let url = Url::parse(text)
        .map_err(|error| Error::init(option, format_args!("it is no URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(Error::init(option, "give an http or https URL with a host"));
    }
    Ok(url)
}

fn base(option: &str, text: &str) -> Result<Url, Error> {
    let url = http(option, text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Error::init(option, "a base URL has no query and no fragment"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::init(option, "a base URL holds no credentials"));
    }
    Ok(url)
}

/// This machine, by name or address.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(name: Option<&str>, auth: Option<&str>, api: Option<&str>) -> (String, String) {
        let hosts = resolve(name, auth, api, false).unwrap();
        (hosts.token_url().to_string(), hosts.api.to_string())
    }

    #[test]
    fn the_public_service_is_the_default() {
        assert_eq!(
            hosts(None, None, None),
            (
                "https://playoffgamification.io/auth/token".to_owned(),
                "https://api.playoffgamification.io/".to_owned()
            )
        );
    }

    #[test]
    fn one_name_makes_both_hosts_and_may_bring_a_port() {
        let (token, api) = hosts(Some("playoff.example:8443"), None, None);
        assert_eq!(token, "https://playoff.example:8443/auth/token");
        assert_eq!(api, "https://api.playoff.example:8443/");
    }

    #[test]
    fn base_urls_keep_their_prefix() {
        let (token, api) = hosts(None, Some("http://127.0.0.1:3/a/"), Some("http://[::1]:4/b"));
        assert_eq!(token, "http://127.0.0.1:3/a/auth/token");
        assert_eq!(api, "http://[::1]:4/b");
    }

    #[test]
    fn http_to_another_machine_needs_a_word() {
        let url = Some("http://playoff.example");
        assert!(resolve(None, url, url, false).is_err());
        assert!(resolve(None, url, url, true).is_ok());
    }

    #[test]
    fn a_name_that_looks_like_loopback_is_not() {
        for host in ["http://localhost.example", "http://127.0.0.1.example", "http://128.0.0.1"] {
            assert!(!is_loopback(&Url::parse(host).unwrap()), "{host}");
        }
    }

    #[test]
    fn credentials_in_a_base_url_are_refused_and_not_repeated() {
        let error =
            resolve(None, None, Some("https://u:CANARY@playoff.example"), false).unwrap_err();
        assert!(error.message().starts_with("api_url") && !error.message().contains("CANARY"));
    }
}
