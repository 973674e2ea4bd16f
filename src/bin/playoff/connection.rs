//! Which game a command talks to, and as whom.

use std::env;

use clap::Args;
use playoff::routes::Version;
use playoff::{Playoff, PlayoffBuilder, SecretString};

use crate::config::{Config, Kind, Profile};
use crate::failure::Failure;
use crate::identity::{Identity, token_folder};
use crate::secrets::Secrets;

#[derive(Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Profile to use, instead of PLAYOFF_PROFILE or the default one
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// Acting player of calls that name none, instead of PLAYOFF_PLAYER_ID
    #[arg(long, value_name = "ID")]
    player: Option<String>,

    /// Client id, instead of PLAYOFF_CLIENT_ID; its secret comes from PLAYOFF_CLIENT_SECRET
    #[arg(long, value_name = "ID", hide_short_help = true)]
    pub(crate) client_id: Option<String>,

    /// Host name of the installation, instead of PLAYOFF_HOST: tokens come from https://HOST, the
    /// API is at https://api.HOST
    #[arg(long, value_name = "HOST", hide_short_help = true)]
    host: Option<String>,

    /// Base URL of tokens and logins, instead of PLAYOFF_AUTH_URL
    #[arg(long, value_name = "URL", hide_short_help = true)]
    auth_url: Option<String>,

    /// Base URL of the API, instead of PLAYOFF_API_URL
    #[arg(long, value_name = "URL", hide_short_help = true)]
    api_url: Option<String>,
}

/// Where an installation is. Nothing at all is the public service.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Hosts {
    pub(crate) host: Option<String>,
    pub(crate) auth_url: Option<String>,
    pub(crate) api_url: Option<String>,
}

/// What options, environment and profile say together.
pub(crate) struct Settings {
    pub(crate) hosts: Hosts,
    pub(crate) client_id: Option<String>,
    pub(crate) player: Option<String>,
    pub(crate) version: Version,
}

/// What one of them says.
struct Layer {
    hosts: Hosts,
    client_id: Option<String>,
    player: Option<String>,
}

impl Connection {
    /// A client with the credentials that the profile or the environment has.
    pub(crate) fn playoff(&self) -> Result<Playoff, Failure> {
        self.identity()?.playoff()
    }

    /// A client that can show its calls, whether there are credentials for them or not.
    pub(crate) fn playoff_without_credentials(&self) -> Result<Playoff, Failure> {
        let config = self.config()?;
        let chosen = self.chosen(config.as_ref())?;
        let settings = self.settings(chosen.map(|(_, profile)| profile));
        Ok(settings.configure(Playoff::fixed_token("none")).build()?)
    }

    pub(crate) fn identity(&self) -> Result<Identity, Failure> {
        let config = self.config()?;
        let chosen = self.chosen(config.as_ref())?;
        let settings = self.settings(chosen.map(|(_, profile)| profile));
        let client_id = settings.client_id.clone().ok_or(
            "there are no credentials: run `playoff login`, \
             or set PLAYOFF_CLIENT_ID and PLAYOFF_CLIENT_SECRET",
        )?;
        // A secret goes to the host that it was saved for, and nowhere else.
        let own = chosen.filter(|(_, profile)| {
            profile.client_id == client_id && profile.hosts() == settings.hosts
        });
        let kept = match (own, &config) {
            (Some((name, _)), Some(config)) => Secrets::beside(config.path())?.get(name).cloned(),
            _ => None,
        };
        let given = secret_of(&client_id);
        // What the environment has is not left behind on the disk.
        let from_profile = kept.is_some() && (self.profile.is_some() || given.is_none());
        let kind = own.map_or(Kind::ClientCredentials, |(_, profile)| profile.kind);
        let lasting = from_profile || kind == Kind::AuthorizationCode;
        let tokens = config.as_ref().filter(|_| lasting && own.is_some());
        let tokens = tokens.map(|config| token_folder(config.path(), &settings.hosts));
        Ok(Identity {
            profile: own.map(|(name, _)| name.to_owned()),
            secret: if from_profile { kept } else { given },
            client_id,
            kind,
            tokens,
            settings,
        })
    }

    /// The profiles, unless the environment says all that there is to say.
    fn config(&self) -> Result<Option<Config>, Failure> {
        let complete = variable("PLAYOFF_CLIENT_ID").and(variable("PLAYOFF_CLIENT_SECRET"));
        match (&self.profile, complete) {
            (None, Some(_)) => Ok(None),
            _ => Config::load().map(Some),
        }
    }

    /// The profile that is named, by option, variable or default.
    fn chosen<'c>(
        &self,
        config: Option<&'c Config>,
    ) -> Result<Option<(&'c str, &'c Profile)>, Failure> {
        let Some(config) = config else { return Ok(None) };
        let named = self.profile.clone().or_else(|| variable("PLAYOFF_PROFILE"));
        let Some(name) = named.or_else(|| config.default().map(str::to_owned)) else {
            return Ok(None);
        };
        config.profile(&name)?;
        Ok(config.profiles().get_key_value(&name).map(|(name, profile)| (name.as_str(), profile)))
    }

    /// Options win over the environment, and the environment over a profile that was not asked for
    /// by name. Of one that was, the hosts are its own, even where it names none.
    pub(crate) fn settings(&self, profile: Option<&Profile>) -> Settings {
        let mut environment = environment();
        match (profile, &self.profile) {
            (Some(named), Some(_)) => {
                environment.hosts = Hosts::default();
                Settings::of(&[self.options(), named.layer(), environment], profile)
            }
            _ => self.new_settings(profile),
        }
    }

    /// Of a profile that is made, or made anew: what is given now wins over what was kept.
    pub(crate) fn new_settings(&self, old: Option<&Profile>) -> Settings {
        let kept = old.map_or_else(Layer::none, Profile::layer);
        Settings::of(&[self.options(), environment(), kept], old)
    }

    /// The player that the command line names, whom some commands look at.
    pub(crate) fn player(&self) -> Option<&str> {
        self.player.as_deref()
    }

    fn options(&self) -> Layer {
        let hosts = Hosts {
            host: self.host.clone(),
            auth_url: self.auth_url.clone(),
            api_url: self.api_url.clone(),
        };
        Layer { hosts, client_id: self.client_id.clone(), player: self.player.clone() }
    }
}

fn environment() -> Layer {
    let hosts = Hosts {
        host: variable("PLAYOFF_HOST"),
        auth_url: variable("PLAYOFF_AUTH_URL"),
        api_url: variable("PLAYOFF_API_URL"),
    };
    Layer { hosts, client_id: variable("PLAYOFF_CLIENT_ID"), player: variable("PLAYOFF_PLAYER_ID") }
}

impl Layer {
    fn none() -> Layer {
        Layer { hosts: Hosts::default(), client_id: None, player: None }
    }
}

impl Profile {
    pub(crate) fn hosts(&self) -> Hosts {
        Hosts {
            host: self.host.clone(),
            auth_url: self.auth_url.clone(),
            api_url: self.api_url.clone(),
        }
    }

    fn layer(&self) -> Layer {
        Layer {
            hosts: self.hosts(),
            client_id: Some(self.client_id.clone()),
            player: self.player.clone(),
        }
    }
}

impl Hosts {
    /// A host name stands for both addresses, so whatever comes after it says nothing more.
    fn of(layers: &[Layer]) -> Hosts {
        let mut found = Hosts::default();
        for Layer { hosts, .. } in layers {
            found.auth_url = found.auth_url.or_else(|| hosts.auth_url.clone());
            found.api_url = found.api_url.or_else(|| hosts.api_url.clone());
            if hosts.host.is_some() {
                found.host.clone_from(&hosts.host);
                break;
            }
        }
        found
    }

    /// The one that gives tokens, as it was named.
    pub(crate) fn auth(&self) -> &str {
        self.auth_url.as_deref().or(self.host.as_deref()).unwrap_or("playoffgamification.io")
    }

    /// The one that has the API, as it was named.
    pub(crate) fn api(&self) -> String {
        let host = self.host.as_deref().unwrap_or("playoffgamification.io");
        self.api_url.clone().unwrap_or_else(|| format!("api.{host}"))
    }
}

impl Settings {
    fn of(layers: &[Layer], profile: Option<&Profile>) -> Settings {
        Settings {
            hosts: Hosts::of(layers),
            client_id: layers.iter().find_map(|layer| layer.client_id.clone()),
            player: layers.iter().find_map(|layer| layer.player.clone()),
            version: profile.and_then(|profile| profile.version).unwrap_or(Version::V2),
        }
    }

    pub(crate) fn configure<K>(&self, mut builder: PlayoffBuilder<K>) -> PlayoffBuilder<K> {
        let Hosts { host, auth_url, api_url } = self.hosts.clone();
        if let Some(host) = host {
            builder = builder.hostname(host);
        }
        if let Some(url) = auth_url {
            builder = builder.auth_url(url);
        }
        if let Some(url) = api_url {
            builder = builder.api_url(url);
        }
        if let Some(player) = &self.player {
            builder = builder.player_id(player);
        }
        builder.version(self.version).user_agent(concat!("playoff-cli/", env!("CARGO_PKG_VERSION")))
    }
}

/// An environment variable; an empty one is none.
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The secret in the environment, unless it belongs to another client.
pub(crate) fn secret_of(client_id: &str) -> Option<SecretString> {
    let owner = variable("PLAYOFF_CLIENT_ID");
    let secret = variable("PLAYOFF_CLIENT_SECRET")?;
    owner.is_none_or(|owner| owner == client_id).then(|| secret.into())
}
