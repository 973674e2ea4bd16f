//! Pages as a stream.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::Error;
use crate::runtime::CallFuture;

/// Page size where the caller names none.
const PAGE_SIZE: i64 = 100;

/// One page: its items and, where the answer says so, how many there are on all pages.
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) total: Option<i64>,
}

type Fetch<T> = Box<dyn FnMut(i64, i64) -> CallFuture<Page<T>> + Send>;

/// Every item of a list, page after page, from a call's `stream()`.
///
/// Nothing is sent until the first item is asked for, and the next page only when the items of the
/// one before are used up. Each page is a call of its own, with the token and player of the first.
/// The stream ends at `total` or at an empty page, and a list that names no total at its first page
/// that is not full; an error ends it too.
///
/// ```
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = playoff::sandbox::Sandbox::start().await?;
/// # let playoff = sandbox.playoff();
/// let mut players = playoff.v2().admin_list_players().limit(2).stream(); // pages of two
/// while let Some(player) = players.try_next().await? {
///     println!("{}", player.id);
/// }
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
/// #     .block_on(example()).unwrap();
/// ```
///
/// It is a [`Stream`], so the adapters of the `futures` crate work on it as well.
#[must_use = "a stream does nothing until it is read"]
pub struct Pages<T> {
    fetch: Fetch<T>,
    state: State<T>,
    items: VecDeque<T>,
    /// First item of the last page, to notice a route that reads no `skip`.
    first: Option<T>,
    skip: i64,
    size: i64,
}

enum State<T> {
    /// A parameter is wrong: said once, in place of the first page.
    Fault(Option<Error>),
    /// The items at hand are followed by another page.
    More,
    Fetching(CallFuture<Page<T>>),
    Ended,
}

impl<T: Clone + PartialEq> Pages<T> {
    pub(crate) fn new(
        skip: Result<Option<i64>, String>,
        size: Result<Option<i64>, String>,
        fetch: impl FnMut(i64, i64) -> CallFuture<Page<T>> + Send + 'static,
    ) -> Self {
        let (skip, size, state) = match (skip, size) {
            (Err(problem), _) | (_, Err(problem)) => {
                (0, PAGE_SIZE, State::Fault(Some(Error::invalid_call(problem))))
            }
            (Ok(skip), Ok(size)) => {
                let (skip, size) = (skip.unwrap_or(0), size.unwrap_or(PAGE_SIZE));
                (skip, size, start(skip, size))
            }
        };
        Pages { fetch: Box::new(fetch), state, items: VecDeque::new(), first: None, skip, size }
    }

    /// The next item, None after the last.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        poll_fn(|context| self.poll(context)).await
    }

    /// The next item, `Ok(None)` after the last.
    ///
    /// # Errors
    ///
    /// The error of the page that failed; after it the stream has ended.
    pub async fn try_next(&mut self) -> Result<Option<T>, Error> {
        self.next().await.transpose()
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            match &mut self.state {
                State::Ended => return Poll::Ready(None),
                State::Fault(fault) => {
                    let fault = fault.take();
                    self.state = State::Ended;
                    return Poll::Ready(fault.map(Err));
                }
                State::More => self.state = State::Fetching((self.fetch)(self.skip, self.size)),
                State::Fetching(page) => match page.as_mut().poll(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(page)) => self.take(page),
                    Poll::Ready(Err(error)) => {
                        self.state = State::Ended;
                        return Poll::Ready(Some(Err(error)));
                    }
                },
            }
        }
    }

    fn take(&mut self, Page { items, total }: Page<T>) {
        self.state = State::Ended;
        // A route that reads no `skip` answers the same page again.
        if total.is_none() && items.first() == self.first.as_ref() {
            return;
        }
        let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
        self.skip = self.skip.saturating_add(count);
        let more = match total {
            Some(total) => count > 0 && self.skip < total,
            None => count == self.size,
        };
        if more {
            self.state = State::More;
        }
        self.first = items.first().cloned();
        self.items = items.into();
    }
}

fn start<T>(skip: i64, size: i64) -> State<T> {
    let fault = if skip < 0 {
        format!("`skip` is {skip}: it counts entries")
    } else if size < 1 {
        format!("`limit` is {size}: a page needs at least one entry")
    } else {
        return State::More;
    };
    State::Fault(Some(Error::invalid_call(fault)))
}

impl<T: Clone + PartialEq + Unpin> Stream for Pages<T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(context)
    }
}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("skip", &self.skip)
            .field("size", &self.size)
            .field("at_hand", &self.items.len())
            .finish_non_exhaustive()
    }
}
