//! What a REGISTER asks for, read and checked before anything is changed (RFC 3261 section 10.3, steps 1, 2, 5 and 6).

use std::time::Duration;

use rvoip_transaction_core::sip_core::header::Path;
use rvoip_transaction_core::sip_core::{
    ByteString, Contact, Expires, HeaderName, Host, NameAddr, Request, Unsupported, unquote,
};
use rvoip_transaction_core::sip_transport::Flow;

use super::{AddressOfRecord, RegistrarConfig};
use crate::out_of_dialog::Refusal;
use crate::route_set::MAX_HOPS;

/// The option tags that a REGISTER may require.
const SPOKEN: [&str; 3] = ["path", "gruu", "outbound"];

/// The lifetime that a value without meaning stands for (RFC 3261 section 10.2.1.1).
const UNREADABLE: Duration = Duration::from_secs(3600);

/// What one binding may take of memory: its contact and its path; more is answered 413.
const MAX_OCTETS: usize = 4096;

/// What is to become of the bindings.
#[derive(Clone, Debug)]
pub(super) enum Contacts {
    /// All of them go.
    RemoveAll,
    /// These are made, refreshed or removed; with none the request only asks what there is.
    Update(Vec<Wanted>),
}

/// One contact of a REGISTER.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) contact: NameAddr,
    pub(super) expires: Duration,
    pub(super) q: u16,
    pub(super) instance: Option<ByteString>,
    pub(super) reg_id: Option<u32>,
}

/// A REGISTER.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    pub(super) aor: AddressOfRecord,
    /// The host of the address of record as it was asked for: that of its GRUUs.
    pub(super) domain: Host,
    pub(super) call_id: ByteString,
    pub(super) cseq: u32,
    pub(super) contacts: Contacts,
    pub(super) path: Vec<NameAddr>,
    /// The flow to keep; `None` when proxies stand between.
    pub(super) flow: Option<Flow>,
    /// The contacts are flows of a device.
    pub(super) outbound: bool,
    pub(super) gruu: bool,
}

impl Demand {
    /// Reads a REGISTER in the order of section 10.3; `admit` says whether its sender may change this address of record.
    pub(super) fn read(
        request: &Request,
        flow: &Flow,
        config: &RegistrarConfig,
        admit: impl FnOnce(&AddressOfRecord) -> Result<(), Refusal>,
    ) -> Result<Demand, Refusal> {
        let bad = |_| Refusal::BadRequest;
        let headers = request.headers();
        let uri = request.uri().map_err(bad)?;
        let to = request.to().map_err(bad)?;
        let domain = to.uri().host().ok_or(Refusal::NotFound)?.clone();
        let serves = |host: &Host| config.domains.is_empty() || config.domains.contains(host);
        if !uri.host().is_some_and(serves) || !serves(&domain) {
            return Err(Refusal::NotFound);
        }
        let require = request.require().map_err(bad)?;
        let is_spoken = |tag: &&str| SPOKEN.iter().any(|spoken| spoken.eq_ignore_ascii_case(tag));
        let mut unknown = require.iter().filter(|tag| !is_spoken(tag)).peekable();
        if unknown.peek().is_some() {
            return Err(Refusal::Extension(Unsupported::new(unknown)));
        }
        let aor = AddressOfRecord::of(to.uri()).ok_or(Refusal::NotFound)?;
        admit(&aor)?;
        let supported = request.supported().map_err(bad)?;
        let speaks = |tag| supported.contains(tag) || require.contains(tag);

        let path = path(request)?;
        if !path.is_empty() && !speaks("path") {
            // RFC 3327 section 5.3: a user agent that knows nothing of Path would not see who put itself in the way.
            return Err(Refusal::Extension(Unsupported::new(["path"])));
        }
        let is_direct = path.is_empty() && request.vias().take(2).count() == 1;
        let contacts = read_contacts(request, config)?;
        if contacts.longest() + octets(&path) > MAX_OCTETS {
            return Err(Refusal::TooLarge);
        }
        let outbound = speaks("outbound") && contacts.has_flow();
        let knows_flows = |hop: &NameAddr| hop.uri().param("ob").is_some();
        if outbound && !is_direct && !path.last().is_some_and(knows_flows) {
            return Err(Refusal::NoOutbound);
        }
        Ok(Demand {
            aor,
            domain,
            call_id: headers
                .raw(&HeaderName::CallId)
                .ok_or(Refusal::BadRequest)?
                .into(),
            cseq: request.cseq_number().ok_or(Refusal::BadRequest)?,
            contacts,
            path,
            flow: (outbound && is_direct).then_some(*flow),
            outbound,
            gruu: speaks("gruu"),
        })
    }
}

/// About as much as they take of memory.
fn octets<'a>(addresses: impl IntoIterator<Item = &'a NameAddr>) -> usize {
    let address =
        |address: &NameAddr| address.uri().as_str().len() + address.params().as_str().len();
    addresses.into_iter().map(address).sum()
}

impl Contacts {
    fn longest(&self) -> usize {
        match self {
            Contacts::RemoveAll => 0,
            Contacts::Update(all) => {
                let lengths = all.iter().map(|wanted| octets([&wanted.contact]));
                lengths.max().unwrap_or(0)
            }
        }
    }

    fn has_flow(&self) -> bool {
        match self {
            Contacts::RemoveAll => false,
            Contacts::Update(all) => all.iter().any(|wanted| wanted.reg_id.is_some()),
        }
    }
}

/// The Path as it stands in the request, the hop next to this side first.
fn path(request: &Request) -> Result<Vec<NameAddr>, Refusal> {
    let mut path = Vec::new();
    for hop in request.headers().all::<Path>() {
        if path.len() == MAX_HOPS {
            return Err(Refusal::TooManyHops);
        }
        path.push(owned(&hop.map_err(|_| Refusal::BadRequest)?.0)?);
    }
    Ok(path)
}

fn read_contacts(request: &Request, config: &RegistrarConfig) -> Result<Contacts, Refusal> {
    let headers = request.headers();
    let general = headers.contains(&HeaderName::Expires).then(|| {
        let readable = headers.first::<Expires>().ok().flatten();
        readable.map_or(UNREADABLE, |expires| Duration::from_secs(expires.0.into()))
    });
    let mut all = Vec::new();
    let mut wildcard = false;
    for contact in headers.all::<Contact>() {
        match contact.map_err(|_| Refusal::BadRequest)? {
            Contact::Any => wildcard = true,
            // More at once than there may ever be is not read to its end.
            _ if all.len() > config.max_contacts * 2 => return Err(Refusal::BadRequest),
            Contact::Address(address) => all.push(Wanted::read(&address, general, config)?),
        }
    }
    if wildcard {
        let alone = all.is_empty() && headers.all::<Contact>().take(2).count() == 1;
        return match alone && general == Some(Duration::ZERO) {
            true => Ok(Contacts::RemoveAll),
            false => Err(Refusal::BadRequest),
        };
    }
    let living = all.iter().filter(|wanted| !wanted.expires.is_zero());
    if living.count() > 1 && all.iter().any(|wanted| wanted.reg_id.is_some()) {
        return Err(Refusal::BadRequest);
    }
    Ok(Contacts::Update(all))
}

impl Wanted {
    fn read(
        address: &NameAddr,
        general: Option<Duration>,
        config: &RegistrarConfig,
    ) -> Result<Wanted, Refusal> {
        let params = address.params();
        let own = params.get("expires").map(|seconds| {
            let readable = seconds.parse::<u32>().ok();
            readable.map_or(UNREADABLE, |seconds| Duration::from_secs(seconds.into()))
        });
        let expires = own.or(general).unwrap_or(config.default_expires);
        let hour = Duration::from_secs(3600);
        if !expires.is_zero() && expires < config.min_expires && expires < hour {
            return Err(Refusal::TooBrief(config.min_expires));
        }
        let instance = params.get("+sip.instance").map(|text| {
            let text = unquote(text);
            let urn = text.trim_start_matches('<').trim_end_matches('>');
            ByteString::from(urn)
        });
        let instance = instance.filter(|urn| !urn.is_empty());
        let reg_id = params.get("reg-id").and_then(|number| number.parse().ok());
        Ok(Wanted {
            contact: owned(&address.clone().without_param("expires"))?,
            expires: expires.min(config.max_expires),
            q: params.get("q").map_or(1000, thousandths),
            reg_id: reg_id.filter(|number| *number > 0 && instance.is_some()),
            instance,
        })
    }
}

/// A copy that keeps no message alive.
fn owned(address: &NameAddr) -> Result<NameAddr, Refusal> {
    address.to_string().parse().map_err(|_| Refusal::BadRequest)
}

/// A `qvalue` in thousandths; what is none counts as the most.
pub(super) fn thousandths(text: &str) -> u16 {
    match text.parse::<f32>() {
        Ok(q) if (0.0..=1.0).contains(&q) => (q * 1000.0).round() as u16,
        _ => 1000,
    }
}
