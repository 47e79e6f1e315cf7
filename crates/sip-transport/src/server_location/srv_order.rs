//! The order of SRV records: by priority, and within one by chance as the weights say (RFC 2782).

use rand::{Rng, RngExt};

use crate::resource_record::Srv;

/// SRV records considered of one service; what comes after is left out.
const MAX_RECORDS: usize = 64;

/// The records in the order in which they are to be tried.
pub(super) fn in_order(mut records: Vec<Srv>, rng: &mut impl Rng) -> Vec<Srv> {
    records.sort_by_key(|record| (record.priority, record.weight != 0));
    records.truncate(MAX_RECORDS);
    let mut ordered = Vec::with_capacity(records.len());
    let mut rest = records.as_mut_slice();
    while let Some(first) = rest.first() {
        let priority = first.priority;
        let end = rest.partition_point(|record| record.priority == priority);
        let (group, later) = rest.split_at_mut(end);
        draw(group, rng);
        ordered.extend_from_slice(group);
        rest = later;
    }
    ordered
}

/// Draws one record after the other, each with the probability of its weight among those left. Records of weight 0
/// stand first, so that they have a small chance to be drawn before the others.
fn draw(mut group: &mut [Srv], rng: &mut impl Rng) {
    while group.len() > 1 {
        let sum: u32 = group.iter().map(|record| u32::from(record.weight)).sum();
        let drawn = rng.random_range(0..=sum);
        let mut running = 0;
        let reached = group.iter().position(|record| {
            running += u32::from(record.weight);
            running >= drawn
        });
        // What is drawn comes to the front, the others keep their order.
        group[..=reached.unwrap_or(0)].rotate_right(1);
        group = &mut group[1..];
    }
}
