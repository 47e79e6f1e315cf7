//! Privacy (RFC 3323).

use super::grammar::list_header;
use crate::token;

list_header! {
    /// What the sender wants to be kept private: `id`, `header`, `session`, `user`, `none`, `critical`.
    Privacy, ';', token::is_token, str::eq_ignore_ascii_case
}
