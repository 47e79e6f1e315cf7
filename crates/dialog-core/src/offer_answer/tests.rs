//! The whole grid of the ledger, against the patterns of RFC 6337 section 2.1 (table 1).

use super::*;
use Carrier::*;

const PARTIES: [Party; 2] = [Party::Local, Party::Remote];
const CARRIERS: [Carrier; 8] = [
    Invite,
    Reliable,
    Success,
    Ack,
    Prack,
    PrackSuccess,
    Update,
    UpdateSuccess,
];

/// Table 1 of RFC 6337: the message of an offer and that of its answer. The second is sent by the other party.
const PATTERNS: [(Carrier, Carrier); 6] = [
    (Invite, Success),
    (Success, Ack),
    (Invite, Reliable),
    (Reliable, Prack),
    (Prack, PrackSuccess),
    (Update, UpdateSuccess),
];

/// Every ledger that a message can lead to.
fn states() -> Vec<Ledger> {
    let mut states = vec![Ledger::Stable];
    for party in PARTIES {
        states.push(Ledger::Invited(party));
        for carrier in [Invite, Reliable, Success, Prack, Update] {
            states.push(Ledger::Offered(party, carrier));
        }
    }
    states
}

/// What the table says of a body in this message now.
fn meaning_by_table(ledger: Ledger, by: Party, carrier: Carrier) -> Option<Meaning> {
    match ledger {
        Ledger::Offered(party, offer) if party != by && PATTERNS.contains(&(offer, carrier)) => {
            Some(Meaning::Answer)
        }
        Ledger::Invited(party) if party != by && matches!(carrier, Reliable | Success) => {
            Some(Meaning::Offer)
        }
        Ledger::Stable if matches!(carrier, Invite | Prack | Update) => Some(Meaning::Offer),
        _ => None,
    }
}

#[test]
fn the_grid_is_table_1_of_rfc_6337() {
    let mut cells = 0;
    for ledger in states() {
        for by in PARTIES {
            for carrier in CARRIERS {
                let expected = meaning_by_table(ledger, by, carrier);
                let found = ledger.after(by, carrier, true);
                match expected {
                    Some(Meaning::Answer) => {
                        assert_eq!(found, Ok((Ledger::Stable, Meaning::Answer)));
                    }
                    Some(_) => {
                        assert_eq!(found, Ok((Ledger::Offered(by, carrier), Meaning::Offer)));
                    }
                    // No other body is an offer or an answer, and none moves the ledger.
                    None => assert!(
                        found.is_err() || found == Ok((ledger, Meaning::Nothing)),
                        "{ledger:?} {by:?} {carrier:?}: {found:?}"
                    ),
                }
                cells += 1;
            }
        }
    }
    assert_eq!(cells, 13 * 2 * 8);
}

#[test]
fn without_a_body_only_an_invite_moves_the_ledger_and_what_is_due_is_demanded() {
    for ledger in states() {
        for by in PARTIES {
            for carrier in CARRIERS {
                let due = match meaning_by_table(ledger, by, carrier) {
                    // The answer to an INVITE may wait for the 2xx.
                    Some(Meaning::Answer) if carrier != Reliable => Some(Violation::AnswerMissing),
                    Some(Meaning::Answer) => None,
                    Some(_) if matches!(ledger, Ledger::Invited(_)) => {
                        Some(Violation::OfferMissing)
                    }
                    _ if carrier == Success && ledger != Ledger::Stable => {
                        Some(Violation::OfferOutstanding)
                    }
                    _ if carrier == Invite && ledger != Ledger::Stable => {
                        Some(Violation::OfferOutstanding)
                    }
                    _ => None,
                };
                let next = match (carrier, ledger) {
                    (Invite, Ledger::Stable) => Ledger::Invited(by),
                    _ => ledger,
                };
                let expected = due.map_or(Ok((next, Meaning::Nothing)), Err);
                assert_eq!(
                    ledger.after(by, carrier, false),
                    expected,
                    "{ledger:?} {by:?} {carrier:?}"
                );
            }
        }
    }
}

#[test]
fn two_offers_are_never_outstanding() {
    for ledger in states().into_iter().filter(|ledger| !ledger.is_stable()) {
        for by in PARTIES {
            for carrier in [Invite, Update] {
                assert_eq!(
                    ledger.after(by, carrier, true),
                    Err(Violation::OfferOutstanding),
                    "{ledger:?}"
                );
            }
        }
    }
}

#[test]
fn a_failed_request_takes_its_own_offer_back_and_no_other() {
    for before in states() {
        for request in [Invite, Prack, Update] {
            let mut ledger = before;
            ledger.fail(request);
            let own = match before {
                Ledger::Stable => true,
                Ledger::Invited(_) => request == Invite,
                Ledger::Offered(_, Prack | Update) => {
                    before == Ledger::Offered(Party::Local, request)
                        || before == Ledger::Offered(Party::Remote, request)
                }
                Ledger::Offered(..) => request == Invite,
            };
            let expected = if own { Ledger::Stable } else { before };
            assert_eq!(ledger, expected, "{before:?} {request:?}");
        }
    }
}

#[test]
fn a_second_offer_is_turned_away_as_14_2_says() {
    for ledger in states() {
        let expected = match ledger {
            Ledger::Stable => None,
            Ledger::Offered(Party::Local, _) | Ledger::Invited(Party::Local) => {
                Some(Glare::RequestPending)
            }
            _ => Some(Glare::RetryLater),
        };
        assert_eq!(ledger.glare(), expected);
    }
}

#[test]
fn an_offer_and_its_answer_lead_back_to_stable() {
    for (offer, answer) in PATTERNS {
        for by in PARTIES {
            let other = match by {
                Party::Local => Party::Remote,
                Party::Remote => Party::Local,
            };
            let mut ledger = match offer {
                // These offer because the INVITE of the other party did not.
                Success | Reliable => Ledger::Invited(other),
                _ => Ledger::Stable,
            };
            assert_eq!(ledger.pass(by, offer, true), Ok(Meaning::Offer));
            assert_eq!(ledger.pass(other, answer, true), Ok(Meaning::Answer));
            assert!(ledger.is_stable());
        }
    }
}
