//! The files of the chapters' folder that belong into a site: those that a page can show or links to. mdBook would copy all files.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use percent_encoding::percent_decode_str;
use pulldown_cmark::{Event, Parser, Tag};
use regex::Regex;

use super::error::StoreError;
use super::site_folder::{MARK, resolved};
use crate::book::MARKDOWN;

/// Extensions of files that a page can use without a link: pictures, styles, scripts, fonts, sounds and documents.
const SHOWN: [&str; 38] = [
    "png",
    "jpg",
    "jpeg",
    "gif",
    "svg",
    "webp",
    "avif",
    "apng",
    "bmp",
    "ico",
    "css",
    "js",
    "mjs",
    "wasm",
    "map",
    "woff",
    "woff2",
    "ttf",
    "otf",
    "eot",
    "mp4",
    "webm",
    "ogv",
    "ogg",
    "mp3",
    "m4a",
    "wav",
    "flac",
    "vtt",
    "cast",
    "pdf",
    "epub",
    "html",
    "htm",
    "xhtml",
    "webmanifest",
    "rss",
    "atom",
];
/// Files at the root of a site that hosts and search engines read.
const EXPECTED: [&str; 5] = ["robots.txt", "sitemap.xml", "CNAME", "_redirects", "_headers"];

/// The chapters' folder, and the files in it that are not published.
#[derive(Debug)]
pub(crate) struct SiteFiles {
    src: PathBuf,
    never: Vec<PathBuf>,
}

/// The files of the folder, relative to it, sorted.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Files that a page may use without a link.
    pub shown: Vec<PathBuf>,
    /// Files that are published only if a page links to them.
    pub others: Vec<PathBuf>,
}

impl SiteFiles {
    /// The files of `src`. `never` are files and folders that are not published, besides hidden ones.
    pub(crate) fn of(src: &Path, never: &[PathBuf]) -> Self {
        Self { src: resolved(src), never: never.iter().map(|path| resolved(path)).collect() }
    }

    /// Whether a file or folder at this path of the machine exists and is not in the site. A folder is in the site if it has a page.
    /// A path that does not exist here may exist on the host of the site.
    pub(crate) fn lacks(&self, path: &Path) -> bool {
        let Ok(real) = path.canonicalize() else { return false };
        let Ok(inside) = resolved(path).strip_prefix(&self.src).map(Path::to_owned) else {
            return true;
        };
        if self.allowed(&inside).is_none() {
            return true;
        }
        let pages = ["index.html", "index.md", "README.md"].map(|name| real.join(name));
        real.is_dir()
            && !real.with_extension("md").is_file()
            && !pages.iter().any(|page| page.is_file())
    }

    /// All files that may be in the site. Links are followed as long as they stay in the folder.
    pub(super) fn find(&self) -> Found {
        let mut found = Found::default();
        self.walk(Path::new(""), false, &mut Vec::new(), &mut found);
        found.shown.sort();
        found.others.sort();
        found
    }

    /// A link to a folder is followed, but not a link behind it, because folders may contain links to each other.
    fn walk(&self, folder: &Path, linked: bool, above: &mut Vec<PathBuf>, found: &mut Found) {
        let Some(real) =
            self.allowed(folder).filter(|real| !above.contains(real) && !real.join(MARK).exists())
        else {
            return;
        };
        above.push(real);
        for entry in fs::read_dir(self.src.join(folder)).into_iter().flatten().flatten() {
            let name = folder.join(entry.file_name());
            let Some(real) = self.allowed(&name) else { continue };
            if real.is_dir() {
                let link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
                if !(link && linked) {
                    self.walk(&name, link || linked, above, found);
                }
            } else if real.is_file() && !is_markdown(&name) {
                let list = if is_shown(&name) && is_shown(&real) {
                    &mut found.shown
                } else {
                    &mut found.others
                };
                list.push(name);
            }
        }
        above.pop();
    }

    /// The file or folder that a name in the chapters' folder leads to, if it may be in the site.
    pub(super) fn allowed(&self, name: &Path) -> Option<PathBuf> {
        let real = self.src.join(name).canonicalize().ok()?;
        let inside = real.strip_prefix(&self.src).ok()?;
        let hidden = [name, inside].iter().any(|path| path.components().any(is_hidden));
        let kept = self.never.iter().any(|never| real.starts_with(never));
        (!hidden && !kept).then_some(real)
    }

    /// Copies one of the files to the same place in the site.
    ///
    /// # Errors
    /// When it can't be read or written.
    pub(super) fn copy(&self, name: &Path, site: &Path) -> Result<(), StoreError> {
        let to = site.join(name);
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(StoreError::io("make the folder", folder))?;
        }
        fs::copy(self.src.join(name), &to)
            .map_err(StoreError::io("copy into the site", &self.src.join(name)))?;
        Ok(())
    }
}

fn is_hidden(part: Component<'_>) -> bool {
    matches!(part, Component::Normal(name) if name.to_string_lossy().starts_with('.'))
}

fn is_markdown(name: &Path) -> bool {
    name.extension().is_some_and(|ending| ending == "md")
}

fn is_shown(name: &Path) -> bool {
    let ending = name.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    ending.is_some_and(|ending| SHOWN.contains(&ending.as_str()))
        || EXPECTED.iter().any(|expected| name.ends_with(expected))
}

/// Adds the files that the Markdown of a page shows or links to, relative to the chapters' folder. `page` is the path of the page there.
pub(super) fn linked(markdown: &str, page: &Path, into: &mut BTreeSet<PathBuf>) {
    let Ok(attribute) =
        Regex::new(r#"(?i)\b(?:href|src|data|poster|srcset)\s*=\s*["']?([^"'\s>,]+)"#)
    else {
        return;
    };
    let mut add = |address: &str| into.extend(place(address, page));
    for event in Parser::new_ext(markdown, MARKDOWN) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                add(&dest_url);
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                attribute.captures_iter(&html).for_each(|found| add(&found[1]));
            }
            _ => {}
        }
    }
}

/// The path in the site that an address on a page leads to; `None` if it leads elsewhere.
fn place(address: &str, page: &Path) -> Option<PathBuf> {
    let path =
        address.split(['#', '?']).next().filter(|path| !path.is_empty() && !path.contains(':'))?;
    let path = percent_decode_str(path).decode_utf8().ok()?;
    let from = if path.starts_with('/') { Path::new("") } else { page.parent()? };
    let mut place = PathBuf::new();
    for part in from.join(path.trim_start_matches('/')).components() {
        match part {
            Component::Normal(name) => place.push(name),
            Component::ParentDir if !place.pop() => return None,
            _ => {}
        }
    }
    Some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_a_page_can_show_are_found_unless_hidden_outside_or_excluded() {
        let home = tempfile::tempdir().unwrap();
        let src = home.path().join("guide");
        for file in [
            "a.png",
            "sub/b.css",
            "data.csv",
            "values.yaml",
            ".env",
            ".git/config",
            "state/kubeconfig",
            "c.md",
            "robots.txt",
        ] {
            let path = src.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        fs::create_dir_all(home.path().join("out")).unwrap();
        fs::write(home.path().join("out/secret.png"), "x").unwrap();
        let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, src.join(name)).unwrap();
        link("../out/secret.png", "link.png");
        link("../out", "linked");
        link("values.yaml", "innocent.png");
        link(".env", "env.css");
        link("a.png", "same.png");
        link(".", "loop");
        link("sub", "other");
        link("nowhere", "broken.png");
        let never = [src.join("values.yaml"), src.join("state")];

        let found = SiteFiles::of(&src, &never).find();

        let names = |list: &[PathBuf]| {
            list.iter().map(|path| path.display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(
            names(&found.shown),
            ["a.png", "other/b.css", "robots.txt", "same.png", "sub/b.css"]
        );
        assert_eq!(names(&found.others), ["data.csv"]);
    }

    #[test]
    fn links_pictures_and_html_name_files() {
        let text = "[a](../data/a%20b.csv#x) ![b](b.bin) <img src='/c.bin'> [d]\n\n<a href=\"e.tgz\">e</a>\n\n[d]: d.zip\n[no](https://x/y.csv) [out](../../../z.csv)\n";
        let mut files = BTreeSet::new();
        linked(text, Path::new("part/page.md"), &mut files);
        let files: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
        assert_eq!(files, ["c.bin", "data/a b.csv", "part/b.bin", "part/d.zip", "part/e.tgz"]);
    }
}
