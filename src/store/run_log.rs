//! A run's folder while the run goes on: `.guide/runs/<id>/`.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::{Path, PathBuf};

use super::append_only::AppendOnlyFile;
use super::error::StoreError;
use super::history_cache::HistoryCache;
use super::journal::push_line;
use super::lock::RunLock;
use super::past::prune_runs;
use super::sync::Syncer;
use super::whole_file::{make_private_folder, replace_link};
use crate::diagnostic::Diagnostic;
use crate::event::{Event, Reason, Record, RunStarted, Stored};
use crate::history::Past;
use crate::ids::ChapterName;
use crate::output::ShellState;

/// The file of a run's folder that has all its events.
pub(crate) const JOURNAL: &str = "journal.jsonl";
/// All outputs of a run.
const OUTPUT: &str = "output.log";
/// The shell states of a run.
pub(super) const STATES: &str = "states.log";
/// Disk space reserved ahead of the journal's and the states' end. The next run gives back what is left of it: that takes a tenth
/// of a millisecond a file, and this one's end would wait for it.
const JOURNAL_AHEAD: u64 = 64 * 1024;
const STATES_AHEAD: u64 = 256 * 1024;
/// Output is gathered up to this before it is written, if its step does not end sooner.
const OUTPUT_BUFFER: usize = 64 * 1024;

/// How the time stands in a run's id.
const ID_TIME: &str = "%Y%m%dT%H%M%S.%3fZ";

/// A new run's id: when it began and its process. Ids sort in the order of the runs, whatever the clock says: a new one comes
/// after the newest there is. Two runs of one book never go on at once.
pub(crate) fn run_id(at: jiff::Timestamp, pid: u32, newest: &str) -> String {
    let id = |at: jiff::Timestamp| format!("{}-{pid}", at.strftime(ID_TIME));
    let last = newest
        .rsplit_once('-')
        .and_then(|(time, _)| jiff::civil::DateTime::strptime(ID_TIME, time).ok());
    let last = last
        .and_then(|last| last.to_zoned(jiff::tz::TimeZone::UTC).ok())
        .map(|last| last.timestamp());
    match last {
        // The clock was set back, or two runs came within a millisecond.
        Some(last) if id(at).as_str() <= newest => id(last + jiff::SignedDuration::from_millis(1)),
        _ => id(at),
    }
}

/// The folder of all runs.
pub(super) fn runs_folder(state_dir: &Path) -> PathBuf {
    state_dir.join("runs")
}

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
    /// Output not yet written.
    gathered: Vec<u8>,
    /// Where the present step's output began.
    output_start: u64,
    /// The chapter's last state and where it is.
    last_state: Option<(ChapterName, ShellState, Stored)>,
    /// Files of former runs that this one shares: (run, its name there) → name here.
    shared: HashMap<(String, PathBuf), PathBuf>,
    /// What went wrong since the last events.
    fault: Option<StoreError>,
    lines: Vec<u8>,
}

/// A file that is made when the first bytes come.
#[derive(Debug)]
struct LazyFile {
    name: &'static str,
    ahead: u64,
    file: Option<AppendOnlyFile>,
    /// Bytes asked to be kept, also those that could not be: a [`Stored`] of those names bytes that are not there, and whoever
    /// reads it finds out.
    length: u64,
}

impl RunLog {
    /// Makes the run's folder, writes the first line, lets `.guide/latest` name it and forgets the oldest runs, of which `past`
    /// (as [`load_past`](super::load_past) gave it under the same lock) keeps times and chapters. The lock is held as long as
    /// the log is kept, and tells others which chapter the run is in.
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
            fault: None,
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

    /// Brings everything to the disk.
    ///
    /// # Errors
    /// When that fails, or something before it did and was not yet told.
    pub fn finish(mut self) -> Result<(), StoreError> {
        self.flush_output();
        let synced = self.syncer.finish();
        let journal = self.folder.join(JOURNAL);
        fs::metadata(&journal).map_err(StoreError::io("find at the run's end", &journal))?;
        self.fault.take().map_or(synced, Err)
    }

    fn write_events(&mut self, events: &[Event]) -> Result<(), StoreError> {
        self.lines.clear();
        for event in events.iter().filter(|event| is_kept(event)) {
            push_line(event, &mut self.lines).map_err(|error| {
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
        self.fault.take().map_or(Ok(()), Err)
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

    /// Only the first fault is told: those after it follow from it.
    fn remember(&mut self, result: Result<(), StoreError>) {
        if let Err(fault) = result {
            self.fault.get_or_insert(fault);
        }
    }

    /// Gives a former run's file a name in this run's folder.
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
            // A file system without hard links.
            Err(_) => drop(fs::copy(&from, &to).map_err(StoreError::io("write", &to))?),
        }
        self.shared.insert(key, name.clone());
        Ok(name)
    }
}

/// What is tidied up beside the run: what is known of the past is written down, and then the oldest runs can go.
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
            Err(fault) => {
                self.remember(Err(fault));
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
        // Counted first: where the bytes can't be kept, no later ones may stand in their place.
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
            return Ok(()); // an earlier piece is missing; that fault was told
        }
        file.append(bytes)?;
        syncer.changed()?;
        file.reserve()
    }
}

/// Reads a part of a file of a run's folder.
///
/// # Errors
/// When not all of it is there.
pub(crate) fn read_stored(folder: &Path, stored: &Stored) -> Result<Vec<u8>, StoreError> {
    if stored.length == 0 {
        return Ok(Vec::new());
    }
    let path = folder.join(&stored.file);
    let read = File::open(&path).and_then(|file| {
        let length = usize::try_from(stored.length).map_err(io::Error::other)?;
        if file.metadata()?.len() < stored.offset.saturating_add(stored.length) {
            return Err(io::Error::other("a part of it is missing"));
        }
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, stored.offset)?;
        if stored.checksum.as_ref().is_some_and(|kept| *kept != checksum(&bytes)) {
            return Err(io::Error::other("a part of it is damaged"));
        }
        Ok(bytes)
    });
    read.map_err(StoreError::io("read", &path))
}

/// Of a state: what is changed by chance (or by hand) must not be run as if it were the step's.
pub(super) fn checksum(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What would only say that something goes on is not kept. That a step's turn has begun is: a killed run may have done its work.
fn is_kept(event: &Event) -> bool {
    match event {
        Event::StepStarted { reason, attempt, .. } => *reason == Reason::Turn && *attempt <= 1,
        Event::StepProgress { .. } => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests;
