//! Media datagrams of strangers.

use rvoip_rtp_core::rtcp::{Compound, RtcpPacket};
use rvoip_rtp_core::{RtpPacket, RtpWriter, Ssrc};

use crate::bound;

/// RTP and RTCP are read without memory; what is written is the datagram again, but for padding.
pub fn check(data: &[u8]) {
    if let Ok(packet) = bound::within(0, || RtpPacket::parse(data)) {
        let extension = packet.extension();
        bound::within(0, || extension.map_or(0, |found| found.elements().count()));
        let csrcs: Vec<Ssrc> = packet.csrcs().collect();
        let writer = RtpWriter {
            header: *packet.header(),
            csrcs: &csrcs,
            extension: packet.extension(),
            payload: packet.payload(),
            padding_octets: packet.padding_octets(),
        };
        let mut written = Vec::new();
        assert_eq!(writer.write(&mut written), Ok(()));
        let padding = usize::from(packet.padding_octets());
        assert_eq!(written.len(), data.len());
        assert_eq!(
            written[..data.len() - padding],
            data[..data.len() - padding]
        );
    }
    if let Ok(compound) = bound::within(0, || Compound::parse_reduced_size(data)) {
        let count = bound::within(0, || {
            compound.packets().map(|packet| touch(packet.ok())).count()
        });
        assert!(count * 4 <= data.len());
    }
}

/// Asks everything of a packet.
fn touch(packet: Option<RtcpPacket<'_>>) {
    match packet {
        Some(RtcpPacket::SenderReport(report)) => _ = report.blocks.iter().count(),
        Some(RtcpPacket::ReceiverReport(report)) => _ = report.blocks.iter().count(),
        Some(RtcpPacket::SourceDescription(description)) => {
            for chunk in description.chunks() {
                let _ = (chunk.items().count(), chunk.cname());
            }
        }
        Some(RtcpPacket::ExtendedReport(report)) => _ = report.blocks().count(),
        Some(RtcpPacket::Bye(bye)) => _ = (bye.sources().count(), bye.reason()),
        _ => {}
    }
}
