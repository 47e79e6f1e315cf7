//! How Opus is encoded, and what RFC 7587 says about it in SDP.

use super::SampleRate;

/// How Opus is encoded. What a peer asks for in its `a=fmtp` is respected beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpusConfig {
    /// The bit rate to aim at, 6,000 to 510,000 bit/s.
    pub bitrate_bps: u32,
    /// How much work to do, 0 to 10.
    pub complexity: u8,
    /// Whether packets repeat the one before (in-band FEC) when the peer reports loss and can use that.
    pub inband_fec: bool,
    /// Whether packets are left out in silence (DTX) when the peer likes that.
    pub dtx: bool,
    /// Whether all packets are of one length.
    pub constant_bitrate: bool,
    /// The highest sampling rate that is worth encoding, in Hz: what the peer plays.
    pub max_playback_rate_hz: u32,
}

impl Default for OpusConfig {
    /// 24 kbit/s, complexity 5, FEC where it is of use, no DTX, variable bit rate, everything that is sampled.
    fn default() -> Self {
        Self {
            bitrate_bps: 24_000,
            complexity: 5,
            inband_fec: true,
            dtx: false,
            constant_bitrate: false,
            max_playback_rate_hz: SampleRate::Hz48000.hz(),
        }
    }
}

impl OpusConfig {
    /// The parameters of our `a=fmtp` for sound of this rate (RFC 7587 section 6.1); `stereo=0` is said for those who do not know
    /// the default.
    #[must_use]
    pub fn fmtp(&self, rate: SampleRate) -> String {
        let hz = rate.hz();
        let mut value = format!("maxplaybackrate={hz};sprop-maxcapturerate={hz};stereo=0");
        for (parameter, on) in [
            (";useinbandfec=1", self.inband_fec),
            (";usedtx=1", self.dtx),
            (";cbr=1", self.constant_bitrate),
        ] {
            if on {
                value.push_str(parameter);
            }
        }
        value
    }

    /// What is encoded for a peer with these parameters of `a=fmtp`; what is not understood is passed over.
    #[must_use]
    pub fn for_peer(mut self, parameters: Option<&str>) -> Self {
        let (mut fec, mut dtx) = (false, false);
        for parameter in parameters.unwrap_or_default().split(';') {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let Ok(value) = value.trim().parse::<u32>() else {
                continue;
            };
            match name.trim().to_ascii_lowercase().as_str() {
                "maxaveragebitrate" => {
                    self.bitrate_bps = self.bitrate_bps.min(value.max(6_000));
                }
                "maxplaybackrate" => {
                    self.max_playback_rate_hz = self.max_playback_rate_hz.min(value.max(8_000));
                }
                "useinbandfec" => fec = value == 1,
                "usedtx" => dtx = value == 1,
                "cbr" => self.constant_bitrate |= value == 1,
                _ => {}
            }
        }
        self.inband_fec &= fec;
        self.dtx &= dtx;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 7587 section 7.
    #[test]
    fn what_the_peer_asks_for_is_respected() {
        let ours = OpusConfig {
            bitrate_bps: 40_000,
            dtx: true,
            ..OpusConfig::default()
        };
        let peer = "maxplaybackrate=16000; sprop-maxcapturerate=16000; maxaveragebitrate=20000; stereo=1; useinbandfec=1; usedtx=0";
        let expected = OpusConfig {
            bitrate_bps: 20_000,
            dtx: false,
            max_playback_rate_hz: 16_000,
            ..ours
        };
        assert_eq!(ours.for_peer(Some(peer)), expected);
        let nothing = OpusConfig {
            inband_fec: false,
            dtx: false,
            ..ours
        };
        assert_eq!(ours.for_peer(None), nothing);
        for odd in [
            "",
            ";;=",
            "useinbandfec",
            "cbr=x;maxaveragebitrate=-1",
            "stereo=1",
        ] {
            assert_eq!(ours.for_peer(Some(odd)), nothing, "{odd}");
        }
        let odd = ours.for_peer(Some("CBR=1;maxaveragebitrate=1;maxplaybackrate=0"));
        assert!(odd.constant_bitrate);
        assert_eq!((odd.bitrate_bps, odd.max_playback_rate_hz), (6_000, 8_000));
    }

    #[test]
    fn our_parameters() {
        assert_eq!(
            OpusConfig::default().fmtp(SampleRate::Hz16000),
            "maxplaybackrate=16000;sprop-maxcapturerate=16000;stereo=0;useinbandfec=1"
        );
    }
}
