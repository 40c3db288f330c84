//! Times, sizes and shares as people read them.

use std::time::Duration;

/// `31.2 µs`, `4.5 ms`, `1.25 s`.
pub(super) fn time(time: Duration) -> String {
    let nanos = time.as_nanos();
    match nanos {
        0..1_000 => format!("{nanos} ns"),
        1_000..1_000_000 => format!("{} µs", short(time.as_secs_f64() * 1e6)),
        1_000_000..1_000_000_000 => format!("{} ms", short(time.as_secs_f64() * 1e3)),
        _ => format!("{:.2} s", time.as_secs_f64()),
    }
}

/// `120 B`, `12 KiB`, `1.3 MiB`.
pub(super) fn bytes(bytes: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with three figures")]
    let size = bytes as f64;
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KiB", short(size / 1024.0)),
        _ => format!("{} MiB", short(size / 1_048_576.0)),
    }
}

/// `1,234,567`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `0.2 %`.
pub(super) fn share(part: f64, whole: f64) -> String {
    if whole <= 0.0 {
        return "–".to_owned();
    }
    let share = part / whole * 100.0;
    if share > 0.0 && share < 0.1 { "< 0.1 %".to_owned() } else { format!("{share:.1} %") }
}

/// One decimal where there is one figure before it or two.
fn short(number: f64) -> String {
    if number < 99.95 && number.fract() != 0.0 { format!("{number:.1}") } else { format!("{number:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        let times =
            [0, 999, 31_240, 4_500_000, 50_000_000, 1_250_000_000].map(|nanos| time(Duration::from_nanos(nanos)));
        assert_eq!(times, ["0 ns", "999 ns", "31.2 µs", "4.5 ms", "50 ms", "1.25 s"]);
        assert_eq!([0, 12 << 10, 1_400_000, 64 << 20].map(bytes), ["0 B", "12 KiB", "1.3 MiB", "64 MiB"]);
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [(1.0, 500.0), (0.001, 50.0), (0.0, 50.0), (1.0, 0.0)].map(|(a, b)| share(a, b)),
            ["0.2 %", "< 0.1 %", "0.0 %", "–"]
        );
    }
}
