//! URIs of our own, and URIs with other parameters.

use super::Uri;
use super::escape::{push_escaped, same_text};
use super::parse::{Kind, Layout, Range};
use crate::{Host, token};

impl Uri {
    /// A `sip` URI. What needs it in the user part is escaped; escapes that are there stay.
    pub fn sip(user: Option<&str>, host: Host, port: Option<u16>) -> Uri {
        Uri::of_parts(Kind::Sip, user, host, port)
    }

    /// A `sips` URI. What needs it in the user part is escaped; escapes that are there stay.
    pub fn sips(user: Option<&str>, host: Host, port: Option<u16>) -> Uri {
        Uri::of_parts(Kind::Sips, user, host, port)
    }

    fn of_parts(kind: Kind, user: Option<&str>, host: Host, port: Option<u16>) -> Uri {
        let mut text = String::from(if kind == Kind::Sips { "sips:" } else { "sip:" });
        let start = text.len();
        let mut range = None;
        if let Some(user) = user.filter(|user| !user.is_empty()) {
            push_escaped(&mut text, user, token::is_user);
            range = Some(Range::new(start, text.len()));
            text.push('@');
        }
        host.write(&mut text);
        if let Some(port) = port {
            text.push(':');
            crate::write::push_number(&mut text, u64::from(port));
        }
        let params = Range::new(text.len(), text.len());
        let layout = Layout {
            kind,
            user: range,
            password: None,
            params,
            headers: None,
        };
        Uri {
            text: text.into(),
            host: Some(host),
            port,
            layout,
        }
    }

    /// This URI with one parameter set, in its place if it was there, else behind the others. What needs it is escaped.
    /// A URI that is none of `sip`, `sips` and `tel` has no parameters and stays as it is.
    #[must_use]
    pub fn with_param(&self, name: &str, value: Option<&str>) -> Uri {
        self.rewritten(name, Some(value))
    }

    /// This URI without the named parameter.
    #[must_use]
    pub fn without_param(&self, name: &str) -> Uri {
        self.rewritten(name, None)
    }

    /// This URI without its headers, as a request carries it (RFC 3261 section 19.1.5).
    #[must_use]
    pub fn without_headers(&self) -> Uri {
        if self.layout.headers.is_none() {
            return self.clone();
        }
        let text = self.text.slice_ref(self.text_without_headers());
        Uri {
            text,
            layout: Layout {
                headers: None,
                ..self.layout
            },
            ..self.clone()
        }
    }

    pub(crate) fn text_without_headers(&self) -> &str {
        match self.layout.headers {
            None => &self.text,
            Some(_) => &self.text[..self.layout.params.end()],
        }
    }

    fn rewritten(&self, name: &str, new: Option<Option<&str>>) -> Uri {
        if self.layout.kind == Kind::Other {
            return self.clone();
        }
        let mut text = String::from(&self.text[..self.layout.params.start()]);
        let mut new = new;
        for (other, value) in self.params() {
            if !same_text(other, name, true) {
                push_param(&mut text, other, value);
            } else if let Some(value) = new.take() {
                push_param(&mut text, name, value);
            }
        }
        if let Some(value) = new {
            push_param(&mut text, name, value);
        }
        let (old, params) = (
            self.layout.params,
            Range::new(self.layout.params.start(), text.len()),
        );
        let headers = self.layout.headers.map(|headers| {
            let moved = |place: usize| place - old.end() + params.end();
            Range::new(moved(headers.start()), moved(headers.end()))
        });
        text.push_str(&self.text[old.end()..]);
        let layout = Layout {
            params,
            headers,
            ..self.layout
        };
        Uri {
            text: text.into(),
            layout,
            ..self.clone()
        }
    }
}

fn push_param(text: &mut String, name: &str, value: Option<&str>) {
    text.push(';');
    push_escaped(text, name, token::is_uri_param);
    if let Some(value) = value {
        text.push('=');
        push_escaped(text, value, token::is_uri_param);
    }
}
