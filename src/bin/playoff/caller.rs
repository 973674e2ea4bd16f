//! Calls of a long job, which passing troubles do not end.

use std::collections::HashSet;
use std::future::IntoFuture;
use std::time::Duration;

use playoff::{Error, Playoff};

use crate::progress::Progress;

/// After so many repeats it is no passing trouble.
const MOST_REPEATS: u32 = 6;
/// An answer that makes no sense was cut on the way, or it is always so.
const MOST_REPEATS_OF_ODD_ANSWERS: u32 = 2;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Whoever waits longer wants to know what for.
const SILENT_PAUSE: Duration = Duration::from_secs(3);
const PAGE: i64 = 100;
/// A list that has moved so often is not read in the end.
const MOST_READINGS: u32 = 5;

#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) playoff: Playoff,
    pub(crate) progress: Progress,
}

impl Caller {
    /// Makes the call, again and again while what went wrong may pass. So it is for what can be done
    /// twice without harm: reading, setting, and creating under an id. It goes further than a
    /// `RetryPolicy`: a 500 and JSON that breaks off may pass in a long job, and whoever waits is told
    /// what for.
    pub(crate) async fn call<T, C>(&self, call: impl Fn(&Playoff) -> C) -> Result<T, Error>
    where
        C: IntoFuture<Output = Result<T, Error>>,
    {
        let mut repeats = 0;
        loop {
            let error = match call(&self.playoff).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let most = match error.is_bad_answer() && !is_server_trouble(&error) {
                true => MOST_REPEATS_OF_ODD_ANSWERS,
                false => MOST_REPEATS,
            };
            if repeats >= most || !may_pass(&error) {
                return Err(error);
            }
            let pause = error.retry_after().unwrap_or_else(|| pause(repeats));
            if pause > SILENT_PAUSE {
                self.progress.say(&format!("{error}: again in {} s", pause.as_secs()));
            }
            tokio::time::sleep(pause).await;
            repeats += 1;
        }
    }

    /// The ids of a whole list, in its order. `call` is told how many to skip and how many to ask
    /// for; `open` takes a page apart into its ids and the total.
    ///
    /// Where somebody is deleted meanwhile, all who follow move up, and one of them would be skipped.
    /// So each page begins with the last id of the page before; where it does not, the list is read
    /// anew.
    pub(crate) async fn ids<P, C>(
        &self,
        call: impl Fn(&Playoff, i64, i64) -> C,
        open: fn(P) -> (Vec<String>, i64),
    ) -> Result<Vec<String>, String>
    where
        C: IntoFuture<Output = Result<P, Error>>,
    {
        for _ in 0..MOST_READINGS {
            if let Some(ids) = self.reading(&call, open).await.map_err(|error| error.to_string())? {
                return Ok(ids);
            }
        }
        Err("it changes while it is read: try again when there is less going on".to_owned())
    }

    /// None where the list has moved between two pages.
    async fn reading<P, C>(
        &self,
        call: impl Fn(&Playoff, i64, i64) -> C,
        open: fn(P) -> (Vec<String>, i64),
    ) -> Result<Option<Vec<String>>, Error>
    where
        C: IntoFuture<Output = Result<P, Error>>,
    {
        let (mut ids, mut seen) = (Vec::<String>::new(), HashSet::new());
        loop {
            let known = i64::try_from(ids.len()).unwrap_or(i64::MAX);
            let skip = (known - 1).max(0);
            let (page, total) = open(self.call(|playoff| call(playoff, skip, PAGE)).await?);
            if ids.last().is_some_and(|last| page.first() != Some(last)) {
                return Ok(None);
            }
            let before = ids.len();
            ids.extend(page.into_iter().filter(|id| seen.insert(id.clone())));
            let is_all = i64::try_from(ids.len()).is_ok_and(|known| known >= total);
            if is_all || ids.len() == before {
                return Ok(Some(ids));
            }
        }
    }
}

/// How long to wait after so many failures in a row.
pub(crate) fn pause(failures: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST_PAUSE)
}

/// Whether the same call may go well a little later.
pub(crate) fn may_pass(error: &Error) -> bool {
    // A plan is used up for longer than anybody waits.
    let is_over = matches!(error.name(), "plan_limit_exceeded" | "player_limit_exceeded");
    let is_cut = error.is_bad_answer() && error.status().is_some_and(|status| status.is_success());
    !is_over && (is_server_trouble(error) || error.is_rate_limited() || is_cut)
}

fn is_server_trouble(error: &Error) -> bool {
    error.is_connect()
        || error.is_timeout()
        || error.is_connection_lost()
        || error.status().is_some_and(|status| status.is_server_error())
}

/// Whether the API itself says that there is no such thing: a proxy in front of it, or an API without
/// the route, says nothing about the thing.
pub(crate) fn is_gone(error: &Error) -> bool {
    error.is_api() && error.is_not_found() && error.name() != "route_not_found"
}

/// Whether every other call would fail alike, so that there is no use in going on.
pub(crate) fn is_general(error: &Error) -> bool {
    error.is_connect()
        || error.is_client_auth_fail()
        || error.is_login_required()
        || error.is_invalid_access_token()
        || error.is_store_failed()
        || error.name() == "plan_limit_exceeded"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_stay_within_bounds() {
        let pauses: Vec<u64> = (0..8).map(|failures| pause(failures).as_millis() as u64).collect();
        assert_eq!(pauses, [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
