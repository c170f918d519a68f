//! The languages that the person's system asks for.
//!
//! Must not know which languages Tokentray speaks. Surprising: on Linux and the like nobody is asked
//! but the environment, which whoever calls hands in.

/// Best first, as BCP 47 tags; none where the system asks for none. `environment` gives a variable's
/// value, where it has one.
#[cfg(not(any(target_os = "macos", target_os = "windows")))]
pub fn wanted(environment: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let variable = |name: &str| environment(name).filter(|value| !value.is_empty());
    // The locale of messages (POSIX.1-2024 §8.2), then gettext's list, which counts only beside a
    // locale that has a language ("Specifying a Priority List of Languages" in its manual).
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(variable);
    let Some(locale) = locale.filter(|locale| tag(locale).is_some()) else {
        return Vec::new();
    };
    let list = variable("LANGUAGE").unwrap_or(locale);
    let names = list.split(':').filter(|name| !name.is_empty());
    // `C` says: no translation, whatever follows.
    names.map_while(tag).collect()
}

/// `de_AT.UTF-8@euro` is `de-AT`; `C` and `POSIX` have no language.
#[cfg(not(any(target_os = "macos", target_os = "windows")))]
fn tag(locale: &str) -> Option<String> {
    let end = locale.find(['.', '@']).unwrap_or(locale.len());
    let name = &locale[..end];
    (!matches!(name, "" | "C" | "POSIX")).then(|| name.replace('_', "-"))
}

/// Best first, as BCP 47 tags, as the system's own settings say.
#[cfg(any(target_os = "macos", target_os = "windows"))]
pub fn wanted(_environment: impl Fn(&str) -> Option<String>) -> Vec<String> {
    sys_locale::get_locales().collect()
}

#[cfg(all(test, not(any(target_os = "macos", target_os = "windows"))))]
mod tests {
    use super::wanted;

    #[test]
    fn the_first_variable_that_is_set_names_the_language_and_language_the_others() {
        let of = |variables: &[(&str, &str)]| {
            let value = |name: &str| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            wanted(value).join(" ")
        };
        assert_eq!(of(&[]), "");
        assert_eq!(of(&[("LANG", "de_DE.UTF-8")]), "de-DE");
        assert_eq!(of(&[("LANG", "de_AT@euro"), ("LC_ALL", "")]), "de-AT");
        let several = [("LANG", "de_DE.UTF-8"), ("LC_MESSAGES", "en_GB.UTF-8")];
        assert_eq!(of(&several), "en-GB");
        // Programs that are to be read by programs are started like this.
        assert_eq!(of(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C.UTF-8")]), "");
        assert_eq!(of(&[("LANG", "C.UTF-8"), ("LANGUAGE", "de")]), "");
        let list = [("LANG", "en_US.UTF-8"), ("LANGUAGE", "de_AT:de::en")];
        assert_eq!(of(&list), "de-AT de en");
        assert_eq!(of(&[("LANG", "de_DE.UTF-8"), ("LANGUAGE", "C:de")]), "");
        assert_eq!(of(&[("LANG", "de_DE.UTF-8"), ("LANGUAGE", "fr")]), "fr");
    }
}
