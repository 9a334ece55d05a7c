//! The site: made by mdBook's own crates, and read back by `--serve`.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use mdbook_driver::MDBook;
use mdbook_driver::config::Config;
use mdbook_driver::errors::Error as MdbookError;
use mdbook_preprocessor::Preprocessor;

use super::fault::StoreError;
use super::whole_file::replace_file;

/// mdBook's whole-book print page is as long as the book; beyond this many chapters no one prints it, and it costs half the time.
const MOST_PRINTED: usize = 60;

/// In place of highlight.js (137 kB): guide marks comments itself, and mdBook's script asks only for these two.
const NO_HIGHLIGHT: &str = "window.hljs={configure:function(){},highlightBlock:function(){}};\n";
/// In place of twelve font files: the reader's own fonts.
const NO_FONTS: &str = "/* the reader's own fonts: nothing to load */\n";

/// What a site is made of.
#[derive(Debug)]
pub struct Site {
    /// The folder of `book.toml`.
    pub root: PathBuf,
    /// The state folder: the light theme is written there.
    pub state: PathBuf,
    /// Where it goes; none: as `book.toml` says.
    pub out: Option<PathBuf>,
    /// How many chapters there are.
    pub chapters: usize,
}

impl Site {
    /// Makes it; returns its folder. What stood in that folder is gone.
    ///
    /// # Errors
    /// When mdBook can't make it, or the folder holds something that is no site.
    pub fn build(&self, annotator: impl Preprocessor + 'static) -> Result<PathBuf, StoreError> {
        let made = self.mdbook(annotator).map_err(|error| self.refused(&error))?;
        let out = made.build_dir_for("html");
        refuse_others_folder(&out)?;
        made.build().map_err(|error| self.refused(&error))?;
        Ok(out)
    }

    fn mdbook(&self, annotator: impl Preprocessor + 'static) -> Result<MDBook, MdbookError> {
        let mut config = Config::from_disk(self.root.join("book.toml"))?;
        // A chapter that is not there is an error that guide tells; mdBook would write an empty one.
        config.build.create_missing = false;
        if let Some(out) = &self.out {
            config.build.build_dir.clone_from(out);
        }
        let own_theme = config.get::<String>("output.html.theme")?.is_some() || self.root.join("theme").is_dir();
        if !own_theme {
            let theme = self.light_theme()?;
            config.set("output.html.theme", theme)?;
        }
        if self.chapters > MOST_PRINTED {
            config.set("output.html.print.enable", false)?;
        }
        let mut book = MDBook::load_with_config(&self.root, config)?;
        book.with_preprocessor(annotator);
        Ok(book)
    }

    fn light_theme(&self) -> Result<PathBuf, StoreError> {
        let theme = self.state.join("theme");
        for (file, text) in [("fonts/fonts.css", NO_FONTS), ("highlight.js", NO_HIGHLIGHT)] {
            replace_file(&theme.join(file), text.as_bytes(), false)?;
        }
        Ok(theme)
    }

    fn refused(&self, error: &MdbookError) -> StoreError {
        StoreError::NoSite { root: self.root.clone(), why: format!("{error:#}") }
    }
}

/// mdBook empties the folder it writes to: one that holds anything else than a site is not touched.
fn refuse_others_folder(out: &Path) -> Result<(), StoreError> {
    let filled = std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some());
    if filled && !out.join(".nojekyll").exists() {
        return Err(StoreError::OthersFolder { path: out.to_owned() });
    }
    Ok(())
}

/// A page or file of a site, as a browser asks for it, and its media type. None: there is no such file in the site.
#[must_use]
pub fn site_file(site: &Path, url: &str) -> Option<(Vec<u8>, &'static str)> {
    let path = url.split(['?', '#']).next().unwrap_or_default().trim_start_matches('/');
    if path.split('/').any(|part| part == ".." || part.contains('\\')) {
        return None;
    }
    let mut file = site.join(path);
    if file.is_dir() {
        file = file.join("index.html");
    }
    let kind = match file.extension().and_then(std::ffi::OsStr::to_str) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    };
    Some((std::fs::read(file).ok()?, kind))
}

/// A mark of everything in these files and folders: another one means that a file came, went or was written.
#[must_use]
pub fn stamp(paths: &[PathBuf]) -> (usize, Option<SystemTime>) {
    let mut stamp = (0, None);
    paths.iter().for_each(|path| add_stamp(path, &mut stamp));
    stamp
}

fn add_stamp(path: &Path, stamp: &mut (usize, Option<SystemTime>)) {
    let Ok(meta) = std::fs::metadata(path) else { return };
    stamp.0 += 1;
    stamp.1 = stamp.1.max(meta.modified().ok());
    if meta.is_dir() {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.for_each(|entry| add_stamp(&entry.path(), stamp));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_site_are_given() {
        let site = tempfile::tempdir().unwrap();
        std::fs::create_dir(site.path().join("site")).unwrap();
        std::fs::write(site.path().join("secret"), "x").unwrap();
        std::fs::write(site.path().join("site/index.html"), "hi").unwrap();
        let site = site.path().join("site");
        assert_eq!(site_file(&site, "/?x").unwrap().0, b"hi");
        assert_eq!(site_file(&site, "/../secret"), None);
        assert_eq!(site_file(&site, "/none.css"), None);
    }

    #[test]
    fn a_folder_with_other_things_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(refuse_others_folder(folder.path()).is_ok());
        std::fs::write(folder.path().join("thesis.tex"), "x").unwrap();
        assert!(refuse_others_folder(folder.path()).is_err());
    }

    #[test]
    fn a_stamp_changes_with_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let paths = [folder.path().to_owned()];
        let before = stamp(&paths);
        std::fs::write(folder.path().join("a"), "x").unwrap();
        assert_ne!(before, stamp(&paths));
    }
}
