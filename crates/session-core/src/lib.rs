//! The facade of rvoip: sessions, call control and media control over one API.
