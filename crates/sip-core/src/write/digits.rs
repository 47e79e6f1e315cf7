//! Numbers in decimal.

/// The numbers from 0 to 99, two digits each.
const PAIRS: &str = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
                     5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

/// Writes a number in decimal, two digits at a time.
pub(crate) fn push_number(out: &mut String, number: u64) {
    let end = (number % 100 + 1) as usize * 2;
    if number >= 100 {
        push_number(out, number / 100);
    }
    let digits = if number < 10 { 1 } else { 2 };
    out.push_str(&PAIRS[end - digits..end]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_decimal() {
        for number in [
            0,
            7,
            10,
            99,
            100,
            101,
            999,
            1000,
            5060,
            65_535,
            1 << 31,
            u64::MAX,
        ] {
            let mut out = String::new();
            push_number(&mut out, number);
            assert_eq!(out, number.to_string());
        }
    }
}
