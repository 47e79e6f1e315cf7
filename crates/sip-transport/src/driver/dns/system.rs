//! The system's resolver: addresses of hosts, without their times.

use std::net::IpAddr;
use std::time::Duration;

use crate::{LookupError, Question, RecordData, Records};

/// How long an answer is remembered, as the system does not say.
const TTL: Duration = Duration::from_secs(10);

pub(super) async fn look_up(question: &Question) -> Result<Records, LookupError> {
    let (Question::A(host) | Question::Aaaa(host)) = question else {
        return Err(LookupError::Unsupported);
    };
    let host: &str = host;
    let found = tokio::net::lookup_host((host, 0)).await.map_err(|error| {
        // Whether the name does not exist or nobody knows is not to be told apart, so it is not remembered.
        tracing::debug!(host, %error, "name not resolved");
        let ttl = Some(Duration::ZERO);
        LookupError::NoSuchName { ttl }
    })?;
    let (mut a, mut aaaa) = (Vec::new(), Vec::new());
    for addr in found {
        match addr.ip() {
            IpAddr::V4(ip) if !a.contains(&ip) => a.push(ip),
            IpAddr::V6(ip) if !aaaa.contains(&ip) => aaaa.push(ip),
            IpAddr::V4(_) | IpAddr::V6(_) => {}
        }
    }
    let data = match question {
        Question::A(_) if !a.is_empty() => RecordData::A(a),
        Question::Aaaa(_) if !aaaa.is_empty() => RecordData::Aaaa(aaaa),
        _ => return Err(LookupError::NoRecords { ttl: Some(TTL) }),
    };
    Ok(Records { ttl: TTL, data })
}
