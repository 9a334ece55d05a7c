//! The folder of a site: whether it may be replaced, and how it is replaced in one step.
//!
//! A site is made in a folder of its own beside the old one and then exchanged with it in one system call, so that a reader finds the
//! old site or the new one even if guide is killed. Only a folder that guide itself made is replaced.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::fs::{self, File};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use rustix::io::Errno;

use super::error::StoreError;

/// The file that marks a folder made by guide, and its content.
pub(super) const MARK: &str = ".guide-site";
const MARK_TEXT: &str = "`guide publish` made this folder and replaces it as a whole each time: keep nothing of your own in it.\n";

/// Folders of version control. A folder that contains one is more than a site.
const VERSION_CONTROL: [&str; 4] = [".git", ".hg", ".svn", ".jj"];

/// A folder for a site.
#[derive(Debug)]
pub(super) struct SiteFolder {
    out: PathBuf,
}

/// The folder in which a site is made. It is removed when this value is dropped.
#[derive(Debug)]
pub(super) struct Workplace {
    folder: PathBuf,
    /// Locked as long as this process exists, so that another process knows whether the maker of the folder still runs.
    _alive: File,
}

impl SiteFolder {
    /// The folder `out`, with links and `..` resolved. It must not contain any of `kept`.
    ///
    /// # Errors
    /// guide may not replace the folder.
    pub(super) fn of(out: &Path, kept: &[PathBuf]) -> Result<Self, StoreError> {
        let out = resolved(out);
        let refused = |why: String| StoreError::NotASite { path: out.clone(), why };
        if let Some(inside) = kept.iter().find(|path| resolved(path).starts_with(&out)) {
            return Err(refused(format!("`{}` is in it", inside.display())));
        }
        let folder = Self { out: out.clone() };
        folder.check().map_err(refused)?;
        Ok(folder)
    }

    /// The resolved path.
    pub(super) fn path(&self) -> &Path {
        &self.out
    }

    /// Checks that the folder is empty, or contains a site that guide made.
    fn check(&self) -> Result<(), String> {
        let Ok(about) = fs::symlink_metadata(&self.out) else { return Ok(()) };
        if !about.is_dir() {
            return Err("it is no folder".to_owned());
        }
        let mut entries = fs::read_dir(&self.out).map_err(|error| error.to_string())?;
        if entries.next().is_some() && !self.out.join(MARK).is_file() {
            return Err(format!("it holds files, and no mark `{MARK}` of guide's own"));
        }
        match version_control(&self.out) {
            Some(found) => Err(format!("it holds `{}`", found.display())),
            None => Ok(()),
        }
    }

    /// Creates a folder beside it to make the site in, and removes those of killed processes.
    ///
    /// # Errors
    /// When it can't be made.
    pub(super) fn begin(&self) -> Result<Workplace, StoreError> {
        let parent = self.parent()?;
        fs::create_dir_all(parent).map_err(StoreError::io("make the folder", parent))?;
        let _turn = turn(parent)?;
        let prefix = self.prefix();
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let ours =
                entry.file_name().to_string_lossy().strip_prefix(&prefix).is_some_and(is_number);
            if ours
                && File::open(entry.path())
                    .is_ok_and(|file| flock(file, FlockOperation::NonBlockingLockExclusive).is_ok())
            {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        let folder = parent.join(format!("{prefix}{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let alive = fs::create_dir(&folder)
            .and_then(|()| File::open(&folder))
            .map_err(StoreError::io("make the folder", &folder))?;
        let _ = flock(&alive, FlockOperation::NonBlockingLockExclusive);
        fs::create_dir(folder.join("site")).map_err(StoreError::io("make the folder", &folder))?;
        Ok(Workplace { folder, _alive: alive })
    }

    /// Replaces the folder by the new site in one step.
    ///
    /// # Errors
    /// Another program wrote into the folder, or the system refuses. The old content is then unchanged.
    pub(super) fn replace_by(&self, made: &Workplace) -> Result<(), StoreError> {
        let site = made.site();
        let io = |error| StoreError::io("put the site in place in", &self.out)(error);
        fs::write(site.join(MARK), MARK_TEXT).map_err(io)?;
        let _turn = turn(self.parent()?)?;
        self.check().map_err(|why| StoreError::NotASite { path: self.out.clone(), why })?;
        let Ok(old) = fs::metadata(&self.out) else {
            return fs::rename(&site, &self.out).map_err(io);
        };
        let _ = fs::set_permissions(&site, old.permissions());
        match renameat_with(CWD, &site, CWD, &self.out, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(()),
            // The file system cannot exchange two folders, so that for a moment there is no site.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                let aside = made.folder.join("old");
                fs::rename(&self.out, &aside).map_err(io)?;
                fs::rename(&site, &self.out).map_err(|error| {
                    let _ = fs::rename(&aside, &self.out);
                    io(error)
                })
            }
            Err(errno) => Err(io(errno.into())),
        }
    }

    fn parent(&self) -> Result<&Path, StoreError> {
        let why = || StoreError::NotASite {
            path: self.out.clone(),
            why: "it is the root of the file system".to_owned(),
        };
        self.out.parent().ok_or_else(why)
    }

    fn prefix(&self) -> String {
        format!(".{}.guide-", self.out.file_name().unwrap_or_default().to_string_lossy())
    }
}

impl Workplace {
    /// Where the site is made.
    pub(super) fn site(&self) -> PathBuf {
        self.folder.join("site")
    }

    /// A folder for files that are needed only while the site is made.
    pub(super) fn room(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Makes sure that one process at a time checks and replaces a folder. File systems without locks do not guarantee this.
fn turn(parent: &Path) -> Result<File, StoreError> {
    let file = File::open(parent).map_err(StoreError::io("open", parent))?;
    let _ = flock(&file, FlockOperation::LockExclusive);
    Ok(file)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn version_control(folder: &Path) -> Option<PathBuf> {
    let mut entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.find_map(|entry| {
        if entry.file_name().to_str().is_some_and(|name| VERSION_CONTROL.contains(&name)) {
            return Some(entry.path());
        }
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            version_control(&entry.path())
        } else {
            None
        }
    })
}

/// The path with all links, `.` and `..` resolved, even below folders that do not exist yet.
pub(super) fn resolved(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut out = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => {
                out.push(other);
                if let Ok(real) = out.canonicalize() {
                    out = real;
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(folder: &SiteFolder, text: &str) {
        let work = folder.begin().unwrap();
        fs::write(work.site().join("index.html"), text).unwrap();
        folder.replace_by(&work).unwrap();
    }

    #[test]
    fn a_site_replaces_the_one_before_and_no_other_file_remains() {
        let home = tempfile::tempdir().unwrap();
        let folder = SiteFolder::of(&home.path().join("book"), &[]).unwrap();
        made(&folder, "old");
        fs::write(home.path().join("book/gone.html"), "x").unwrap();
        made(&folder, "new");
        assert_eq!(fs::read_to_string(home.path().join("book/index.html")).unwrap(), "new");
        assert!(!home.path().join("book/gone.html").exists());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[test]
    fn only_an_empty_folder_or_one_with_the_mark_is_replaced() {
        let home = tempfile::tempdir().unwrap();
        let of = |name: &str| {
            SiteFolder::of(&home.path().join(name), &[])
                .map(|_| ())
                .map_err(|error| error.to_string())
        };
        fs::create_dir_all(home.path().join("empty")).unwrap();
        assert!(of("empty").is_ok() && of("none").is_ok());
        for (folder, file) in [("thesis", "thesis.tex"), ("pages", ".nojekyll"), ("hidden", ".x")] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
            fs::write(home.path().join(folder).join(file), "").unwrap();
            assert!(of(folder).unwrap_err().contains("no mark `.guide-site`"), "{folder}");
        }
        fs::write(home.path().join("file"), "").unwrap();
        assert!(of("file").unwrap_err().contains("it is no folder"));
        made(&SiteFolder::of(&home.path().join("site"), &[]).unwrap(), "x");
        assert!(of("site").is_ok());
        fs::create_dir_all(home.path().join("site/deep/.git")).unwrap();
        assert!(of("site").unwrap_err().contains("deep/.git"));
    }

    #[test]
    fn a_folder_that_contains_the_book_is_refused_in_every_spelling() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("book");
        let kept = [root.clone(), root.join("guide"), home.path().join("state")];
        fs::create_dir_all(root.join("guide")).unwrap();
        fs::create_dir_all(home.path().join("state")).unwrap();
        std::os::unix::fs::symlink(&root, home.path().join("link")).unwrap();
        for spelled in [
            "",
            ".",
            "book",
            "book/new/..",
            "book/./guide",
            "link",
            "link/new/..",
            "link/guide",
            "new/../book",
            "state",
        ] {
            for marked in [false, true] {
                let path = home.path().join(spelled);
                if marked {
                    fs::write(path.join(MARK), "").ok();
                }
                let refused = SiteFolder::of(&path, &kept).unwrap_err().to_string();
                assert!(refused.contains("is in it"), "{spelled}: {refused}");
            }
        }
        assert!(SiteFolder::of(&home.path().join("link/site"), &kept).is_ok());
    }

    #[test]
    fn folders_of_killed_processes_are_removed_and_those_of_running_ones_are_not() {
        let home = tempfile::tempdir().unwrap();
        let folder = SiteFolder::of(&home.path().join("book"), &[]).unwrap();
        fs::create_dir_all(home.path().join(".book.guide-999999/site")).unwrap();
        fs::create_dir_all(home.path().join(".book.guide-mine")).unwrap();
        let other = home.path().join(".book.guide-999998");
        fs::create_dir(&other).unwrap();
        let alive = File::open(&other).unwrap();
        flock(&alive, FlockOperation::NonBlockingLockExclusive).unwrap();
        made(&folder, "x");
        let mut left: Vec<_> =
            fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".book.guide-999998", ".book.guide-mine", "book"]);
    }
}
