//! Prints how often each work allocates: name, work and count, with tabs between.

use rvoip_peers::contender::{WORKS, all};

fn main() {
    for contender in all() {
        for (name, _) in WORKS {
            if let Some(work) = contender.work(name) {
                // The first time may set up what stays.
                work();
                let counted = allocation_counter::measure(work);
                println!("{}\t{name}\t{}", contender.name, counted.count_total);
            }
        }
    }
}
