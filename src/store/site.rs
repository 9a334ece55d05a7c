//! Makes the site with the crates of mdBook, and reads its files for `--serve`.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

use mdbook_driver::MDBook;
use mdbook_driver::config::Config;
use mdbook_driver::errors::Error as MdbookError;
use mdbook_preprocessor::Preprocessor;

use super::error::StoreError;
use super::site_commands::{Failed, ForeignCommand, commands, name_failures};
use super::site_files::SiteFiles;
use super::site_folder::{MARK, SiteFolder, Workplace};
use super::site_html::{HtmlSite, LeftOut};

/// The input of a site.
#[derive(Debug)]
pub(crate) struct Site {
    /// The folder of `book.toml`.
    pub root: PathBuf,
    /// The folder of the chapters.
    pub src: PathBuf,
    /// The state folder.
    pub state: PathBuf,
    /// The folder of the site; `None`: as `book.toml` states.
    pub out: Option<PathBuf>,
    /// Files that are not published: the values.
    pub private: Vec<PathBuf>,
    /// The commands of other programs in `book.toml` that are allowed to run.
    pub allowed: Vec<ForeignCommand>,
}

/// A site that was made.
#[derive(Debug)]
pub(crate) struct MadeSite {
    /// The folder of its pages.
    pub out: PathBuf,
    /// The files of the chapters' folder that are not in the site, because no page shows them or links to them.
    pub unlinked: Vec<PathBuf>,
    /// Whether the page of the whole book was omitted because of its length.
    pub no_print_page: bool,
}

impl Site {
    /// Makes the site beside the old one, then replaces the old one.
    ///
    /// # Errors
    /// When mdBook can't make it, or the folder holds something that is no site of guide's.
    pub(crate) fn build(
        &self,
        annotator: impl Preprocessor + 'static,
    ) -> Result<MadeSite, StoreError> {
        let mut config =
            Config::from_disk(self.root.join("book.toml")).map_err(|error| self.refused(&error))?;
        let out = self.out.clone().unwrap_or_else(|| self.root.join(&config.build.build_dir));
        let folder =
            SiteFolder::of(&out, &[self.root.clone(), self.src.clone(), self.state.clone()])?;
        let work = folder.begin()?;
        config.build.build_dir = work.site();
        let commands = commands(&config).map_err(|error| self.refused(&error))?;
        if let Some(command) = commands.iter().find(|command| !self.allowed.contains(command)) {
            return Err(StoreError::CommandNotAllowed { command: command.to_string() });
        }
        // guide reports a missing chapter as an error; mdBook would create an empty file.
        config.build.create_missing = false;
        let left_out = Rc::new(RefCell::new(LeftOut::default()));
        let html = self.html(&folder, &work, &left_out);
        let mut made =
            self.mdbook(config, annotator, html).map_err(|error| self.refused(&error))?;
        name_failures(&mut made, commands);
        made.build().map_err(|error| self.refused(&error))?;
        folder.replace_by(&work)?;
        let pages = made.build_dir_for("html");
        let pages = pages.strip_prefix(work.site()).unwrap_or(Path::new(""));
        let left_out = left_out.take();
        Ok(MadeSite {
            out: folder.path().join(pages),
            unlinked: left_out.files,
            no_print_page: left_out.print_page,
        })
    }

    fn html(
        &self,
        folder: &SiteFolder,
        work: &Workplace,
        left_out: &Rc<RefCell<LeftOut>>,
    ) -> HtmlSite {
        let mut never = self.private.clone();
        never.extend([self.state.clone(), folder.path().to_owned(), self.root.join("snapshots")]);
        HtmlSite {
            files: SiteFiles::of(&self.src, &never),
            book_files: SiteFiles::of(&self.root, &never),
            room: work.room("mdbook"),
            left_out: left_out.clone(),
        }
    }

    fn mdbook(
        &self,
        config: Config,
        annotator: impl Preprocessor + 'static,
        html: HtmlSite,
    ) -> Result<MDBook, MdbookError> {
        let has_html = config.outputs::<serde_json::Value>()?;
        let mut book = MDBook::load_with_config(&self.root, config)?;
        book.with_preprocessor(annotator);
        if has_html.is_empty() || has_html.contains_key("html") {
            book.with_renderer(html);
        }
        Ok(book)
    }

    fn refused(&self, error: &MdbookError) -> StoreError {
        if let Some(Failed(command)) = error.downcast_ref() {
            return StoreError::CommandFailed {
                command: command.to_string(),
                why: error.root_cause().to_string(),
            };
        }
        StoreError::SiteFailed { root: self.root.clone(), why: format!("{error:#}") }
    }
}

/// A page or file of a site by its URL, with its media type; `None` if the site has no such file.
pub(crate) fn site_file(site: &Path, url: &str) -> Option<(Vec<u8>, &'static str)> {
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

/// The number of files in these folders and the newest time of change. Another result means that a file was created, removed or
/// written. Hidden files and sites do not count, and links to folders are not followed.
pub(crate) fn change_stamp(paths: &[PathBuf]) -> (usize, Option<SystemTime>) {
    let mut stamp = (0, None);
    paths.iter().for_each(|path| add_to_stamp(path, &mut stamp));
    stamp
}

fn add_to_stamp(path: &Path, stamp: &mut (usize, Option<SystemTime>)) {
    let Ok(meta) = std::fs::metadata(path) else { return };
    if path.join(MARK).exists() {
        return;
    }
    stamp.0 += 1;
    // The time of a folder also changes with files in it that do not count.
    if !meta.is_dir() {
        stamp.1 = stamp.1.max(meta.modified().ok());
        return;
    }
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let linked_folder =
            entry.file_type().is_ok_and(|kind| kind.is_symlink()) && entry.path().is_dir();
        if !hidden && !linked_folder {
            add_to_stamp(&entry.path(), stamp);
        }
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
    fn a_stamp_changes_with_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let paths = [folder.path().to_owned()];
        let before = change_stamp(&paths);
        std::fs::write(folder.path().join("a"), "x").unwrap();
        assert_ne!(before, change_stamp(&paths));
    }
}
