//! Who a command is: a client, its secret, and where its tokens are kept.

use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use playoff::routes::Version;
use playoff::store::{FileStore, TokenKey, TokenStore};
use playoff::{Playoff, PlayoffApp, SecretString};

use crate::config::{Kind, Profile};
use crate::connection::{Hosts, Settings};
use crate::failure::Failure;

pub(crate) struct Identity {
    /// The profile whose own client this is; none for one of the environment.
    pub(crate) profile: Option<String>,
    pub(crate) client_id: String,
    pub(crate) secret: Option<SecretString>,
    pub(crate) kind: Kind,
    /// The folder of its tokens; none where they end with the program.
    pub(crate) tokens: Option<PathBuf>,
    pub(crate) settings: Settings,
}

impl Identity {
    /// The client of a profile of the file `config`, whatever options and environment say.
    pub(crate) fn of_profile(
        config: &Path,
        name: &str,
        profile: &Profile,
        secret: Option<SecretString>,
    ) -> Identity {
        let settings = Settings {
            hosts: profile.hosts(),
            client_id: Some(profile.client_id.clone()),
            player: profile.player.clone(),
            version: profile.version.unwrap_or(Version::V2),
        };
        Identity {
            profile: Some(name.to_owned()),
            client_id: profile.client_id.clone(),
            secret,
            kind: profile.kind,
            tokens: Some(token_folder(config, &settings.hosts)),
            settings,
        }
    }

    pub(crate) fn secret(&self) -> Result<&SecretString, Failure> {
        self.secret.as_ref().ok_or_else(|| match &self.profile {
            Some(profile) => format!(
                "profile '{profile}' has no secret: run `playoff login --profile {profile}`, \
                 or set PLAYOFF_CLIENT_SECRET"
            )
            .into(),
            None => format!(
                "there is no secret for client '{}' at {}: set PLAYOFF_CLIENT_SECRET",
                self.client_id,
                self.settings.hosts.auth()
            )
            .into(),
        })
    }

    pub(crate) fn playoff(&self) -> Result<Playoff, Failure> {
        match self.kind {
            Kind::ClientCredentials => {
                let secret = self.secret()?.clone();
                let builder = Playoff::client_credentials(&self.client_id, secret);
                let builder = self.settings.configure(builder);
                Ok(match self.store() {
                    Some(store) => builder.token_store(store),
                    None => builder,
                }
                .build()?)
            }
            // Who is logged in already is sent nowhere.
            Kind::AuthorizationCode => Ok(self.app("http://127.0.0.1/")?.session(self.user())),
        }
    }

    /// The application that players log in to, and that they come back to at `redirect_uri`.
    pub(crate) fn app(&self, redirect_uri: &str) -> Result<PlayoffApp, Failure> {
        let secret = self.secret()?.clone();
        let builder = Playoff::authorization_code(&self.client_id, secret, redirect_uri).pkce(true);
        let builder = self.settings.configure(builder);
        Ok(match self.store() {
            Some(store) => builder.token_store(store),
            None => builder,
        }
        .build()?)
    }

    /// The name under which the token of a login is kept.
    pub(crate) fn user(&self) -> &str {
        self.profile.as_deref().unwrap_or_default()
    }

    /// Takes the token away that is kept here, if one is.
    pub(crate) async fn forget_token(&self) -> Result<(), Failure> {
        let Some(store) = self.store() else { return Ok(()) };
        store.remove(&self.key()).await.map_err(|error| error.to_string().into())
    }

    pub(crate) async fn has_token(&self) -> Result<bool, Failure> {
        let Some(store) = self.store() else { return Ok(false) };
        let token = store.load(&self.key()).await;
        token.map(|token| token.is_some()).map_err(|error| error.to_string().into())
    }

    /// Both keep their token in the same place.
    pub(crate) fn shares_token_with(&self, other: &Identity) -> bool {
        (&self.tokens, self.key()) == (&other.tokens, other.key())
    }

    fn key(&self) -> TokenKey {
        let user = (self.kind == Kind::AuthorizationCode).then(|| self.user());
        TokenKey::new(self.client_id.as_str(), user)
    }

    fn store(&self) -> Option<FileStore> {
        self.tokens.as_ref().map(FileStore::directory)
    }
}

/// Where tokens are kept beside the profiles. Those of one installation are not for another, even
/// where the client id is the same.
pub(crate) fn token_folder(config: &Path, hosts: &Hosts) -> PathBuf {
    const ODD: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');
    let installation = utf8_percent_encode(hosts.auth(), ODD).to_string();
    config.with_extension("tokens").join(installation)
}
