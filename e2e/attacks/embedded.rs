//! The attacks on the embedded chain, each on a fork of one world.

mod played;

use e2e::embedded_tests as tests;
use played as list;

crate::attacks!(tests);

mod table {
    use std::path::Path;

    use anyhow::{Context, Result, ensure};

    fn read(path: &str) -> Result<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
        std::fs::read_to_string(&path).with_context(|| path.display().to_string())
    }

    /// All that a folder's programs say, one after the other.
    fn sources(folder: &str) -> Result<String> {
        let mut all = String::new();
        for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                all += &std::fs::read_to_string(path)?;
            }
        }
        Ok(all)
    }

    /// The names in backticks of a line that are names of functions.
    fn named(line: &str) -> impl Iterator<Item = &str> {
        let is_name =
            |word: &&str| word.matches('_').count() >= 3 && word.bytes().all(|b| b == b'_' || b.is_ascii_lowercase());
        line.split('`').skip(1).step_by(2).filter(is_name)
    }

    #[test]
    fn every_attack_has_scenarios_and_every_scenario_of_the_table_is_there() -> Result<()> {
        let (document, played) = (read("docs/security.md")?, sources("e2e/attacks/played")?);
        let mut all = played.clone();
        for folder in ["model_registry/serve/tests", "model_registry/serve/src", "attribution/worker/src"] {
            all += &sources(folder)?;
        }
        for number in 1..=18 {
            let row = document.lines().find(|line| line.starts_with(&format!("| A{number} |")));
            let row = row.with_context(|| format!("no row of attack A{number}"))?;
            ensure!(named(row).any(|name| played.contains(&format!("pub fn {name}("))), "A{number} is not played");
            for name in named(row) {
                ensure!(all.contains(&format!("fn {name}(")), "A{number}: there is no `{name}`");
            }
        }
        Ok(())
    }

    #[test]
    fn every_attack_that_is_played_stands_in_the_table() -> Result<()> {
        let (document, list) = (read("docs/security.md")?, read("e2e/attacks/played/mod.rs")?);
        let scenarios =
            list.lines().filter_map(|line| line.trim().strip_suffix(',')).filter(|name| !name.contains(' '));
        for scenario in scenarios {
            ensure!(document.contains(&format!("`{scenario}`")), "`{scenario}` is not in docs/security.md");
        }
        Ok(())
    }
}
