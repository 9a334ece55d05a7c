//! The folder of the current run, `.guide/runs/<id>/`.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::append_only::AppendOnlyFile;
use super::error::StoreError;
use super::files::{make_private_folder, replace_link};
use super::history_cache::HistoryCache;
use super::journal::push_line;
use super::lock::RunLock;
use super::prune::prune_runs;
use super::run_folder::{JOURNAL, OUTPUT, STATES, checksum, read_stored, runs_folder};
use super::sync::Syncer;
use crate::diagnostic::Diagnostic;
use crate::event::{Event, Reason, Record, RunStarted, Stored};
use crate::history::Past;
use crate::ids::ChapterName;
use crate::output::ShellState;

/// The bytes of disk space that are reserved after the end of the journal and of the states. The next run releases the rest, because
/// that takes a tenth of a millisecond for each file, for which the end of this run would have to wait.
const JOURNAL_AHEAD: u64 = 64 * 1024;
const STATES_AHEAD: u64 = 256 * 1024;
/// The most bytes of output that are buffered before they are written.
const OUTPUT_BUFFER: usize = 64 * 1024;

/// Keeps the record of a run in files. See [`Record`] for the order of calls.
#[derive(Debug)]
pub struct RunLog {
    runs: PathBuf,
    run: String,
    folder: PathBuf,
    journal: AppendOnlyFile,
    output: LazyFile,
    states: LazyFile,
    syncer: Syncer,
    lock: RunLock,
    /// The output that is not yet written.
    gathered: Vec<u8>,
    /// The byte at which the output of the current step begins.
    output_start: u64,
    /// The last state of the chapter, and its place in the file.
    last_state: Option<(ChapterName, ShellState, Stored)>,
    /// Files of earlier runs that this run shares: (run, name there) → name here.
    shared: HashMap<(String, PathBuf), PathBuf>,
    /// The first error since the last events.
    error: Option<StoreError>,
    lines: Vec<u8>,
}

/// A file that is created when its first bytes are written.
#[derive(Debug)]
struct LazyFile {
    name: &'static str,
    ahead: u64,
    file: Option<AppendOnlyFile>,
    /// The number of bytes to be stored, including those that could not be written. A [`Stored`] of these names bytes that do not
    /// exist, which its reader notices.
    length: u64,
}

impl RunLog {
    /// Creates the run's folder, writes the first line, lets `.guide/latest` name the folder, and prunes old runs, whose times and
    /// chapters `past` contains (as [`load_past`](super::load_past) returned it under the same lock). The log holds the lock, which
    /// names the current chapter to other processes.
    ///
    /// # Errors
    /// When any of this can't be written.
    pub fn begin(
        state_dir: &Path,
        lock: RunLock,
        started: RunStarted,
        past: &Past,
    ) -> Result<Self, StoreError> {
        let root = started.root.clone();
        let runs = runs_folder(state_dir);
        make_private_folder(&runs)?;
        let folder = runs.join(&started.run);
        let made = fs::DirBuilder::new().mode(0o700).create(&folder);
        made.map_err(StoreError::io("make the folder", &folder))?;
        let mut log = Self {
            journal: AppendOnlyFile::create(&folder.join(JOURNAL), JOURNAL_AHEAD)?,
            output: LazyFile { name: OUTPUT, ahead: 0, file: None, length: 0 },
            states: LazyFile { name: STATES, ahead: STATES_AHEAD, file: None, length: 0 },
            syncer: Syncer::start(tidy(state_dir, &root, &started.run, past)),
            lock,
            runs,
            run: started.run.clone(),
            folder,
            gathered: Vec::new(),
            output_start: 0,
            last_state: None,
            shared: HashMap::new(),
            error: None,
            lines: Vec::new(),
        };
        log.syncer.add(log.journal.path().to_owned(), log.journal.file());
        log.write_events(&[Event::RunStarted(started)])?;
        replace_link(&state_dir.join("latest"), &Path::new("runs").join(&log.run))?;
        Ok(log)
    }

    /// The run's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes everything to the disk.
    ///
    /// # Errors
    /// This fails, or an earlier write failed and was not yet reported.
    pub fn finish(mut self) -> Result<(), StoreError> {
        self.flush_output();
        let synced = self.syncer.finish();
        self.still_there()?;
        self.error.take().map_or(synced, Err)
    }

    /// Checks that the run's folder still exists. If the state folder was removed or replaced during the run, the open files can be
    /// written but no longer be found.
    fn still_there(&self) -> Result<(), StoreError> {
        let path = self.journal.path();
        let found = fs::metadata(path).map_err(StoreError::io("find at the run's end", path))?;
        let open = self.journal.file().metadata().map_err(StoreError::io("read", path))?;
        if (found.dev(), found.ino()) == (open.dev(), open.ino()) {
            return Ok(());
        }
        let replaced = io::Error::other("another file took its place during the run");
        Err(StoreError::io("find at the run's end", path)(replaced))
    }

    fn write_events(&mut self, events: &[Event]) -> Result<(), StoreError> {
        self.lines.clear();
        for event in events.iter().filter_map(kept) {
            push_line(&event, &mut self.lines).map_err(|error| {
                StoreError::io("write", self.journal.path())(io::Error::other(error))
            })?;
        }
        if self.lines.is_empty() {
            return Ok(());
        }
        self.journal.append(&self.lines)?;
        if let Some(Event::ChapterStarted { chapter, .. }) = events.last() {
            self.lock.enter(chapter)?;
        }
        self.syncer.changed()?;
        self.journal.reserve()?;
        self.error.take().map_or(Ok(()), Err)
    }

    fn flush_output(&mut self) {
        if !self.gathered.is_empty() {
            let gathered = std::mem::take(&mut self.gathered);
            let kept = self.output.append(&self.folder, &gathered, &self.syncer);
            self.remember(kept);
            self.gathered = gathered;
            self.gathered.clear();
        }
    }

    /// Keeps the first error only, because the others follow from it.
    fn remember(&mut self, result: Result<(), StoreError>) {
        if let Err(error) = result {
            self.error.get_or_insert(error);
        }
    }

    /// Gives a file of an earlier run a name in this run's folder.
    fn share(&mut self, run: &str, file: &Path) -> Result<PathBuf, StoreError> {
        let key = (run.to_owned(), file.to_owned());
        if let Some(name) = self.shared.get(&key) {
            return Ok(name.clone());
        }
        // A file that run had itself from an earlier one already bears that one's id.
        let own = file == Path::new(OUTPUT) || file == Path::new(STATES);
        let name =
            if own { PathBuf::from(format!("{run}.{}", file.display())) } else { file.to_owned() };
        let (from, to) = (self.runs.join(run).join(file), self.folder.join(&name));
        match fs::hard_link(&from, &to) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::io("read", &from)(error));
            }
            // The file system has no hard links.
            Err(_) => drop(fs::copy(&from, &to).map_err(StoreError::io("write", &to))?),
        }
        self.shared.insert(key, name.clone());
        Ok(name)
    }
}

/// Writes the history cache and then removes old runs, while the run goes on.
fn tidy(
    state_dir: &Path,
    root: &str,
    run: &str,
    past: &Past,
) -> impl FnOnce() -> Result<(), StoreError> + Send + 'static {
    let (state_dir, root, run, remembered) =
        (state_dir.to_owned(), root.to_owned(), run.to_owned(), HistoryCache::of(past));
    move || {
        remembered.write(&state_dir, &root)?;
        prune_runs(&state_dir, &root, &run)
    }
}

impl Record for RunLog {
    fn output(&mut self, bytes: &[u8]) {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= OUTPUT_BUFFER {
            self.flush_output();
        }
    }

    fn finish_output(&mut self) -> Stored {
        self.flush_output();
        let offset = std::mem::replace(&mut self.output_start, self.output.length);
        Stored { file: OUTPUT.into(), offset, length: self.output.length - offset, checksum: None }
    }

    fn state(&mut self, chapter: &ChapterName, state: &ShellState) -> Stored {
        if let Some((of, last, stored)) = &self.last_state
            && of == chapter
            && last == state
        {
            return stored.clone();
        }
        let (offset, length) = (self.states.length, state.0.len() as u64);
        let stored =
            Stored { file: STATES.into(), offset, length, checksum: Some(checksum(&state.0)) };
        let kept = self.states.append(&self.folder, &state.0, &self.syncer);
        self.remember(kept);
        self.last_state = Some((chapter.clone(), state.clone(), stored.clone()));
        stored
    }

    fn take_over(&mut self, run: &str, stored: &Stored) -> Stored {
        if stored.length == 0 {
            return stored.clone(); // of a run in which nothing was said there is no such file
        }
        match self.share(run, &stored.file) {
            Ok(file) => Stored { file, ..stored.clone() },
            Err(error) => {
                self.remember(Err(error));
                stored.clone()
            }
        }
    }

    fn past_state(&self, run: &str, stored: &Stored) -> Result<ShellState, Diagnostic> {
        Ok(ShellState(read_stored(&self.runs.join(run), stored)?))
    }

    fn events(&mut self, events: &[Event]) -> Result<(), Diagnostic> {
        Ok(self.write_events(events)?)
    }
}

impl LazyFile {
    fn append(&mut self, folder: &Path, bytes: &[u8], syncer: &Syncer) -> Result<(), StoreError> {
        // The bytes are counted first: if they cannot be written, no later bytes may take their place.
        self.length += bytes.len() as u64;
        let file = match &mut self.file {
            Some(file) => file,
            missing => {
                let file = AppendOnlyFile::create(&folder.join(self.name), self.ahead)?;
                syncer.add(file.path().to_owned(), file.file());
                missing.insert(file)
            }
        };
        if file.length() + bytes.len() as u64 != self.length {
            return Ok(()); // an earlier piece is missing; that error was told
        }
        file.append(bytes)?;
        syncer.changed()?;
        file.reserve()
    }
}

/// The event as the journal stores it; `None` for events that only report progress. The beginning of a step is stored, because a
/// killed run may have done its work, but without the command, which may contain a secret that is not known yet.
fn kept(event: &Event) -> Option<Cow<'_, Event>> {
    match event {
        Event::StepStarted { reason: Reason::Turn, attempt: 0 | 1, .. } => {
            let mut begun = event.clone();
            if let Event::StepStarted { command, .. } = &mut begun {
                command.clear();
            }
            Some(Cow::Owned(begun))
        }
        Event::StepStarted { .. } | Event::StepProgress { .. } => None,
        event => Some(Cow::Borrowed(event)),
    }
}

#[cfg(test)]
mod tests;
