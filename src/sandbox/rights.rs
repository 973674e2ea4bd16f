//! What a client may do.

/// What a client may do: a group of routes, to read (GET) or to write (all other methods).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
#[non_exhaustive]
pub enum Right {
    AdminRead,
    AdminWrite,
    DesignRead,
    DesignWrite,
    RuntimeRead,
    RuntimeWrite,
}

impl Right {
    /// Every right.
    pub const ALL: &'static [Right] = &[
        Right::AdminRead,
        Right::AdminWrite,
        Right::DesignRead,
        Right::DesignWrite,
        Right::RuntimeRead,
        Right::RuntimeWrite,
    ];

    /// The right that a request needs. In v1 the routes of `/game` are the administrator's.
    pub(super) fn needed(path: &str, reads: bool) -> Right {
        match (path.trim_start_matches('/').split('/').next(), reads) {
            (Some("admin" | "game"), true) => Right::AdminRead,
            (Some("admin" | "game"), false) => Right::AdminWrite,
            (Some("design"), true) => Right::DesignRead,
            (Some("design"), false) => Right::DesignWrite,
            (_, true) => Right::RuntimeRead,
            (_, false) => Right::RuntimeWrite,
        }
    }

    /// The scope of a player's JWT that stands for it; the other rights have none.
    pub(super) fn scope(self) -> Option<&'static str> {
        match self {
            Right::RuntimeRead => Some("player.runtime.read"),
            Right::RuntimeWrite => Some("player.runtime.write"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Right;

    #[test]
    fn routes_fall_into_groups_by_their_first_segment() {
        assert_eq!(Right::needed("/admin/players", true), Right::AdminRead);
        assert_eq!(Right::needed("/design/versions/latest/metrics", false), Right::DesignWrite);
        assert_eq!(Right::needed("/runtime/player", true), Right::RuntimeRead);
        assert_eq!(Right::needed("/player", false), Right::RuntimeWrite);
        assert_eq!(Right::needed("/game/players", false), Right::AdminWrite);
    }
}
