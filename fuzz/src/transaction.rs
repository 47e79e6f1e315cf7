//! The transaction layer in virtual time, driven by a script of what the peer, the network and the user do.

use crate::transaction::scene::Scene;

mod scene;

/// A script of letters, of which some take the letter behind them as a number; anything else is passed over.
///
/// | letter | what happens |
/// |---|---|
/// | `I n`, `O n` | the peer sends an INVITE or OPTIONS of branch `n` |
/// | `A n`, `C n` | the peer sends the ACK or CANCEL of that INVITE |
/// | `r n` | the user answers the `n`-th request it has seen, with the status below |
/// | `i`, `o` | the user sends an INVITE or OPTIONS |
/// | `c n` | the user cancels its `n`-th request |
/// | `R n` | the peer answers the `n`-th request it has seen, with the status below |
/// | `s n` | the status of the answers that follow |
/// | `k n` | the transport of the requests that follow: UDP, TCP of the peer, TCP of ours |
/// | `d` | the last octets of the peer come again |
/// | `m n x` | an octet of the peer's next octets is another: the `n`-th hundredth is `x` |
/// | `X` | the connections end; `f`: the next connection fails; `e`: a datagram cannot be delivered |
/// | `w n` | time passes: from 1 ms to 64 s |
///
/// Every transaction that the user has heard of ends in exactly one terminal event. When the user has answered everything
/// and time has passed, nothing is left in the layer, and nothing more is due.
pub fn check(data: &[u8]) {
    // A script of more letters tells nothing that a shorter one does not.
    let mut script = data.iter().take(400).copied();
    let mut scene = Scene::new();
    while let Some(letter) = script.next() {
        let mut number = || usize::from(script.next().unwrap_or(b'0').wrapping_sub(b'0'));
        match letter {
            b'I' => scene.peer_sends("INVITE", number()),
            b'O' => scene.peer_sends("OPTIONS", number()),
            b'A' => scene.peer_sends("ACK", number()),
            b'C' => scene.peer_sends("CANCEL", number()),
            b'r' => scene.user_answers(number()),
            b'i' => scene.user_sends(true),
            b'o' => scene.user_sends(false),
            b'c' => scene.user_cancels(number()),
            b'R' => scene.peer_answers(number()),
            b's' => scene.status = number(),
            b'k' => scene.transport = number() % 3,
            b'd' => scene.again(),
            b'm' => scene.damage = Some((number(), number())),
            b'X' => scene.connections_end(),
            b'f' => scene.next_connection_fails = true,
            b'e' => scene.undelivered(),
            b'w' => scene.wait(number()),
            _ => {}
        }
    }
    scene.end();
}
