//! The headers every layer asks for, typed when asked.

macro_rules! typed_headers {
    ($type:ident) => {
        impl $type {
            /// The header lines.
            pub fn headers(&self) -> &HeaderMap {
                &self.parts.headers
            }

            /// The body; empty if there is none.
            pub fn body(&self) -> &Bytes {
                &self.parts.body
            }

            /// The message as it goes over the wire; shared, not copied.
            pub fn to_bytes(&self) -> Bytes {
                self.parts.octets.clone()
            }

            fn mandatory<H: Header>(&self) -> Result<H, ParseError> {
                self.headers()
                    .first()?
                    .ok_or(ParseError::MissingHeader(H::NAME))
            }

            /// The first Via value: the last hop the message took, of a response the one it is for.
            ///
            /// # Errors
            /// [`ParseError::MissingHeader`] or [`ParseError::InvalidHeader`].
            pub fn top_via(&self) -> Result<Via, ParseError> {
                self.mandatory()
            }

            /// The first Via value as it stands, of which nothing is kept.
            ///
            /// # Errors
            /// [`ParseError::MissingHeader`] or [`ParseError::InvalidHeader`].
            pub fn top_via_ref(&self) -> Result<ViaRef<'_>, ParseError> {
                let line = self.headers().raw(&Via::NAME);
                let line = line.ok_or(ParseError::MissingHeader(Via::NAME))?;
                ViaRef::parse(Via::split_first(line).0)
            }

            /// What stands before the parameters of the first Via value (protocol, transport and sent-by), and its branch,
            /// without reading the rest of it.
            pub fn top_hop(&self) -> Option<(&str, Option<&str>)> {
                self.headers().raw(&Via::NAME).map(cut_branch)
            }

            /// The branch of the first Via value, without reading the rest of it.
            pub fn branch(&self) -> Option<&str> {
                self.headers().raw(&Via::NAME).and_then(branch_of)
            }

            /// The tag of From, without reading its URI.
            pub fn from_tag(&self) -> Option<&str> {
                self.headers().raw(&From::NAME).and_then(tag_of)
            }

            /// The tag of To, without reading its URI.
            pub fn to_tag(&self) -> Option<&str> {
                self.headers().raw(&To::NAME).and_then(tag_of)
            }

            /// The URI of From as it stands, without reading it.
            pub fn from_uri(&self) -> Option<&str> {
                self.headers().raw(&From::NAME).and_then(uri_of)
            }

            /// The URI of To as it stands, without reading it.
            pub fn to_uri(&self) -> Option<&str> {
                self.headers().raw(&To::NAME).and_then(uri_of)
            }

            /// The URI of the first Contact value as it stands, without reading it; `None` for `*`.
            pub fn contact_uri(&self) -> Option<&str> {
                let first = self.headers().values::<Contact>().next()?;
                uri_of(first).filter(|uri| *uri != "*")
            }

            /// The number in CSeq, without building its value.
            pub fn cseq_number(&self) -> Option<u32> {
                let (number, _) = cseq::read(self.headers().raw(&CSeq::NAME)?)?;
                Some(number)
            }

            /// All Via values from the top.
            pub fn vias(&self) -> impl Iterator<Item = Result<Via, ParseError>> {
                self.headers().all()
            }

            /// From.
            ///
            /// # Errors
            /// [`ParseError::MissingHeader`] or [`ParseError::InvalidHeader`].
            pub fn from(&self) -> Result<From, ParseError> {
                self.mandatory()
            }

            /// To.
            ///
            /// # Errors
            /// [`ParseError::MissingHeader`] or [`ParseError::InvalidHeader`].
            pub fn to(&self) -> Result<To, ParseError> {
                self.mandatory()
            }

            /// Call-ID.
            ///
            /// # Errors
            /// [`ParseError::MissingHeader`] or [`ParseError::InvalidHeader`].
            pub fn call_id(&self) -> Result<CallId, ParseError> {
                self.mandatory()
            }

            /// CSeq.
            ///
            /// # Errors
            /// [`ParseError::MissingHeader`] or [`ParseError::InvalidHeader`].
            pub fn cseq(&self) -> Result<CSeq, ParseError> {
                let value = self.headers().raw(&CSeq::NAME);
                let value = value.ok_or(ParseError::MissingHeader(CSeq::NAME))?;
                CSeq::parse_slice(&self.headers().head, value)
            }

            /// The first Contact value.
            ///
            /// # Errors
            /// [`ParseError::InvalidHeader`].
            pub fn contact(&self) -> Result<Option<Contact>, ParseError> {
                self.headers().first()
            }

            /// All Record-Route values from the top.
            pub fn record_routes(&self) -> impl Iterator<Item = Result<RecordRoute, ParseError>> {
                self.headers().all()
            }

            /// Content-Type.
            ///
            /// # Errors
            /// [`ParseError::InvalidHeader`].
            pub fn content_type(&self) -> Result<Option<ContentType>, ParseError> {
                self.headers().first()
            }

            /// Expires.
            ///
            /// # Errors
            /// [`ParseError::InvalidHeader`].
            pub fn expires(&self) -> Result<Option<Expires>, ParseError> {
                self.headers().first()
            }

            /// Allow, all lines together.
            ///
            /// # Errors
            /// [`ParseError::InvalidHeader`].
            pub fn allow(&self) -> Result<Option<Allow>, ParseError> {
                self.headers().first()
            }

            /// Supported, all lines together; empty when there is none.
            ///
            /// # Errors
            /// [`ParseError::InvalidHeader`].
            pub fn supported(&self) -> Result<Supported, ParseError> {
                Ok(self.headers().first()?.unwrap_or_default())
            }

            /// Require, all lines together; empty when there is none.
            ///
            /// # Errors
            /// [`ParseError::InvalidHeader`].
            pub fn require(&self) -> Result<Require, ParseError> {
                Ok(self.headers().first()?.unwrap_or_default())
            }

            /// Starts a change that needs no second parse.
            pub fn edit(&self) -> Edit<'_, $type> {
                Edit::new(self, &self.parts, $type::with_parts)
            }
        }
    };
}
pub(super) use typed_headers;
