//! Kubernetes quantities (`250m`, `1.5Gi`, `2e3`) as numbers and as text.

/// The number that a quantity means. `None` if the text is not a quantity.
pub(super) fn read(text: &str) -> Option<f64> {
    let text = text.trim();
    let at = text
        .find(|character: char| {
            !(character.is_ascii_digit() || matches!(character, '.' | '-' | '+'))
        })
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(at);
    let factor = match suffix {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1024f64.powi(2),
        "Gi" => 1024f64.powi(3),
        "Ti" => 1024f64.powi(4),
        "Pi" => 1024f64.powi(5),
        "Ei" => 1024f64.powi(6),
        // The scientific form, `2e3`.
        _ => return text.parse().ok(),
    };
    Some(number.parse::<f64>().ok()? * factor)
}

/// A number of processors as text: `0.25`, `4`.
pub(super) fn cores(number: f64) -> String {
    let rounded = format!("{number:.2}");
    rounded.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number of bytes as text: `512 MiB`, `1.5 GiB`.
pub(super) fn bytes(number: f64) -> String {
    let mebibytes = number / 1024f64.powi(2);
    if mebibytes >= 1024.0 {
        format!("{:.1} GiB", mebibytes / 1024.0)
    } else {
        format!("{mebibytes:.0} MiB")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_of_every_form_are_read() {
        let near = |text, number: f64| {
            assert!((read(text).unwrap() - number).abs() < 1e-9 * number.max(1.0), "{text}");
        };
        near("250m", 0.25);
        near("2", 2.0);
        near("1.5Gi", 1.5 * 1024f64.powi(3));
        near("100M", 1e8);
        near("2e3", 2000.0);
        assert_eq!(read("lots"), None);
    }

    #[test]
    fn quantities_are_written_with_units() {
        assert_eq!((cores(0.25), cores(4.0), cores(0.0)), ("0.25".into(), "4".into(), "0".into()));
        assert_eq!(
            (bytes(536_870_912.0), bytes(1_610_612_736.0)),
            ("512 MiB".into(), "1.5 GiB".into())
        );
    }
}
