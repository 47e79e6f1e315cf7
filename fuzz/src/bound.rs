//! A cap on the memory that an input may cost.

/// Does the work and returns what it returns; panics when it held more than `limit` octets at a time.
pub fn within<T>(limit: usize, work: impl FnOnce() -> T) -> T {
    let mut result = None;
    let info = allocation_counter::measure(|| result = Some(work()));
    assert!(
        info.bytes_max <= limit as u64,
        "{} octets held where {limit} are allowed",
        info.bytes_max
    );
    match result {
        Some(result) => result,
        None => unreachable!("the work was done"),
    }
}
