//! Which machine this is, as far as the system says.
//!
//! The text is not for showing or storing: machine-id(5) asks programs to hash it with a key of
//! their own, which the vault does. macOS and Windows are not asked yet; there a copied home is
//! only recognised by the generations of its grants.

/// The machine's id; none where there is no lasting one (a fresh container, another platform).
pub fn id() -> Option<String> {
    #[cfg(target_os = "linux")]
    {
        ["/etc/machine-id", "/var/lib/dbus/machine-id"]
            .iter()
            .find_map(|path| lasting(&std::fs::read_to_string(path).ok()?))
    }
    #[cfg(not(target_os = "linux"))]
    {
        None
    }
}

/// 32 hexadecimal digits; during the first boot the file says `uninitialized`.
#[cfg(target_os = "linux")]
fn lasting(text: &str) -> Option<String> {
    let id = text.trim();
    let is_id = id.len() == 32 && id.chars().all(|c| c.is_ascii_hexdigit());
    is_id.then(|| id.to_ascii_lowercase())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::lasting;

    #[test]
    fn only_a_lasting_id_counts() {
        let id = "0123456789abcdef0123456789ABCDEF\n";
        assert_eq!(
            lasting(id).as_deref(),
            Some("0123456789abcdef0123456789abcdef")
        );
        for none in ["", "uninitialized\n", "0123"] {
            assert_eq!(lasting(none), None);
        }
    }
}
