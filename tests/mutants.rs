//! The deliberately broken variants of the simulation, as far as that is cheap: that they apply.
//!
//! Not beside the worlds: a process that is started inherits their lock files for a moment.

/// What `make mutants` breaks must be there to be broken.
#[test]
fn each_deliberately_broken_variant_still_applies() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = root.join("tests/simulation/mutants");
    let mut patches = 0;
    for entry in std::fs::read_dir(folder).expect("the variants") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|e| e != "patch") {
            continue;
        }
        patches += 1;
        let text = std::fs::read_to_string(&path).expect("a patch");
        assert!(text.starts_with("Broken: "), "{}", path.display());
        assert!(
            text.contains("\nCaught by: invariant "),
            "{}",
            path.display()
        );
        let applied = std::process::Command::new("git")
            .args(["apply", "--check"])
            .arg(&path)
            .current_dir(&root)
            .status()
            .expect("git");
        assert!(
            applied.success(),
            "{} does not apply any more",
            path.display()
        );
    }
    assert!(patches >= 15, "{patches}");
}
