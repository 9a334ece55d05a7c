//! The book that a command works with: found, read and parsed, with merged values and a known profile.

use std::collections::HashMap;
use std::path::PathBuf;

use super::existing_cluster::{ClusterSource, cluster_source};
use super::profile::{Choice, choose, remember};
use super::syntax::{Script, syntax_problems};
use crate::book::{Book, Chapter, Problems, Sources, parse_book, plain_cwd, resolve_cwd};
use crate::error::Error;
use crate::ids::ChapterName;
use crate::plan::{Plan, PlanRequest, Selection, make_plan, variables_of};
use crate::secrets::{Masker, secret_values};
use crate::settings::Settings;
use crate::store::{BookConfig, BookFiles, Recordings, mask_credentials, read_book};

/// A book that commands can work with.
pub(super) struct BookContext {
    /// The folder of `book.toml`.
    pub root: PathBuf,
    /// The state folder.
    pub state: PathBuf,
    /// The kubeconfig of the book's cluster: the private one, or that of `--kubeconfig` for a book that makes its own cluster.
    pub kubeconfig: PathBuf,
    /// Where the book's cluster comes from.
    pub cluster: ClusterSource,
    /// The user's own kubeconfig files, which are only read.
    pub user_kubeconfigs: Vec<PathBuf>,
    /// `[preprocessor.guide]`.
    pub config: BookConfig,
    /// The parsed book.
    pub book: Book,
    /// The problems of the book's text.
    pub problems: Problems,
    /// The profile.
    pub profile: String,
    /// Why guide chose this profile; `None` if the caller or the book named it.
    pub profile_reason: Option<String>,
    /// The profiles that have a values file, and the default one.
    pub known_profiles: Vec<String>,
    /// The values files of all profiles that exist.
    pub values_files: Vec<PathBuf>,
    /// The merged values.
    pub values: serde_json::Value,
    /// Masks the secrets that the caller's environment and the values contain.
    masker: Masker,
    /// Warnings about what is allowed but may not be what the author meant.
    pub notes: Vec<String>,
}

/// Finds and reads the book.
pub(super) fn open(settings: &Settings) -> Result<BookContext, Error> {
    let root = super::found_book(settings)?;
    let mut files = read_book(&root);
    let state = settings.state_dir(&root);
    let Choice { profile, reason: profile_reason } = choose(settings, &files.config, &state)?;
    let values = files.read_values(&profile, &settings.set);
    let known_profiles = files.profiles();
    let values_files = files.values_files();
    let BookFiles { config, text, mut problems, notes, .. } = files;
    let (book, more) = parse_book(text);
    problems.extend(more);
    let masker = masker(&book, settings, &values);
    let cluster = cluster_source(settings, &config, &state)?;
    let named = settings.kubeconfig.clone().filter(|_| cluster == ClusterSource::Book);
    let kubeconfig = named.unwrap_or_else(|| private_kubeconfig(&state));
    for file in cluster.kubeconfigs().iter().chain([&kubeconfig]) {
        mask_credentials(file, &mut Vec::new(), &masker);
    }
    Ok(BookContext {
        root,
        state,
        kubeconfig,
        cluster,
        user_kubeconfigs: settings.user_kubeconfigs(),
        config,
        book,
        problems,
        profile,
        profile_reason,
        known_profiles,
        values_files,
        values,
        masker,
        notes,
    })
}

fn private_kubeconfig(state: &std::path::Path) -> PathBuf {
    state.join("kubeconfig")
}

/// A masker for the variables that any step of the book names as secret, also a step that is not run, and for their values.
fn masker(book: &Book, settings: &Settings, values: &serde_json::Value) -> Masker {
    let masker = Masker::new();
    book.secret_names().for_each(|name| masker.add_name(name));
    let names = masker.names();
    if names.is_empty() {
        return masker;
    }
    let is_secret = |name: &str| names.iter().any(|secret| secret == name);
    for (_, value) in variables_of(values).iter().filter(|(name, _)| is_secret(name)) {
        masker.add(value.as_bytes());
    }
    for (_, value) in
        settings.surroundings.all.iter().filter(|(name, _)| name.to_str().is_some_and(is_secret))
    {
        masker.add(value.as_encoded_bytes());
    }
    masker
}

impl BookContext {
    /// A masker for the secrets of the book: the values of variables that a step names as secret, as far as they are known before
    /// any step has run, and the data of the Secret objects in the plan's manifests.
    pub(super) fn masker_of(&self, plan: &Plan) -> Masker {
        let manifests = plan.chapters.iter().flat_map(|chapter| &chapter.manifests);
        manifests
            .flat_map(|manifest| secret_values(&manifest.text))
            .for_each(|value| self.masker.add(&value));
        self.masker.clone()
    }

    /// Prints the warnings.
    pub(super) fn report_notes(&self) {
        for note in &self.notes {
            crate::report::eprint(&format!("warning: {note}\n"));
        }
    }

    /// Whether the book has a cluster.
    pub(super) fn has_cluster(&self) -> bool {
        self.cluster != ClusterSource::None
    }

    /// The path of the private kubeconfig, whether or not it is used.
    pub(super) fn private_kubeconfig(&self) -> PathBuf {
        private_kubeconfig(&self.state)
    }

    /// The folders in which the shells of chapters start, for chapters that do not start in their rendered folder.
    pub(super) fn working_folders(&self) -> HashMap<ChapterName, PathBuf> {
        let folder = |chapter: &Chapter| {
            let written = chapter.front.cwd.as_ref().or(self.config.cwd.as_ref())?;
            let plain = plain_cwd(written, &self.book.sources.file(chapter.source).path);
            let rendered = self.state.join("rendered").join(chapter.name.as_str());
            (plain != "rendered")
                .then(|| (chapter.name.clone(), resolve_cwd(&plain, &self.root, &rendered)))
        };
        self.book.chapters.iter().filter_map(folder).collect()
    }

    /// Refuses a plan that contains a step that bash cannot parse.
    ///
    /// # Errors
    /// Names every such step.
    pub(super) fn parsed_by_bash(&self, plan: &Plan) -> Result<(), Error> {
        let steps = plan.chapters.iter().flat_map(|chapter| &chapter.steps);
        let scripts: Vec<Script<'_>> =
            steps.map(|step| Script { text: &step.script, fence: step.span }).collect();
        let problems = syntax_problems(&self.book.sources, &scripts);
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Error::Book(problems, Box::new(self.book.sources.clone())))
        }
    }

    /// Remembers a profile that guide chose, once the book's cluster was made under it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn remember_profile(&self) -> Result<(), Error> {
        let choice = Choice { profile: self.profile.clone(), reason: self.profile_reason.clone() };
        Ok(remember(&self.config, &choice, &self.state)?)
    }

    /// Plans the selected chapters and steps.
    ///
    /// # Errors
    /// Every problem of the book.
    pub(super) fn plan(&self, selection: &Selection) -> Result<Plan, Error> {
        self.plan_with(selection, false)
    }

    /// Plans the selected chapters and steps, and the chapters that they need.
    ///
    /// # Errors
    /// Every problem of the book.
    pub(super) fn plan_run(&self, selection: &Selection) -> Result<Plan, Error> {
        self.plan_with(selection, true)
    }

    /// Adds the current fingerprints of the files of the book that the plan's acting steps name. A step that passed with other
    /// contents of these files is not up to date.
    pub(super) fn with_files(&self, mut plan: Plan) -> Plan {
        let acting = plan
            .chapters
            .iter()
            .flat_map(|chapter| &chapter.steps)
            .filter(|step| !step.is_verify());
        let names = acting.flat_map(|step| step.files.iter().cloned()).collect();
        plan.files = Recordings::of(&self.root).named(&names);
        plan
    }

    /// Plans the whole book with other values.
    ///
    /// # Errors
    /// Every problem of the book.
    pub(super) fn plan_of_values(&self, values: serde_json::Value) -> Result<Plan, Error> {
        let request = PlanRequest { values, ..self.request(&Selection::default(), false) };
        self.planned(&request).map_err(|(problems, sources)| Error::Book(problems, sources))
    }

    fn plan_with(&self, selection: &Selection, with_needs: bool) -> Result<Plan, Error> {
        self.planned(&self.request(selection, with_needs)).map_err(|(mut problems, sources)| {
            for problem in &mut problems {
                problem.message = self.masker.mask(&problem.message);
                problem.hint = problem.hint.take().map(|hint| self.masker.mask(&hint));
            }
            Error::Book(problems, sources)
        })
    }

    fn request(&self, selection: &Selection, with_needs: bool) -> PlanRequest {
        PlanRequest {
            selection: selection.clone(),
            profile: self.profile.clone(),
            known_profiles: self.known_profiles.clone(),
            with_needs,
            values: self.values.clone(),
            normalize: self.config.normalize,
            cwd: self.config.cwd.clone(),
        }
    }

    fn planned(&self, request: &PlanRequest) -> Result<Plan, (Problems, Box<Sources>)> {
        let mut problems = self.problems.clone();
        match make_plan(&self.book, request) {
            Ok(plan) if problems.is_empty() => Ok(plan),
            Ok(_) => Err((problems, Box::new(self.book.sources.clone()))),
            Err(more) => {
                problems.extend(more);
                Err((problems, Box::new(self.book.sources.clone())))
            }
        }
    }

    /// What `guide check` would have against the book with this chapter in place of the one of its name, and has not against it as
    /// it is: a name that no `output` fence binds any more, for example. `sources` are the book's, and the chapter's.
    pub(super) fn refusal_with(&self, chapter: Chapter, sources: Sources) -> Option<String> {
        let request = self.request(&Selection::default(), false);
        let messages = |book: &Book| {
            let problems = make_plan(book, &request).err().unwrap_or_default();
            problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>()
        };
        let mut changed = Book { sources, ..self.book.clone() };
        let index = changed.chapters.iter().position(|old| old.name == chapter.name)?;
        changed.chapters[index] = chapter;
        let now = messages(&changed);
        if now.is_empty() {
            return None;
        }
        let before = messages(&self.book);
        now.into_iter().find(|message| !before.contains(message))
    }

    /// The environment of every chapter's shell, without the values.
    pub(super) fn environment(&self, settings: &Settings) -> Vec<(String, String)> {
        let text = |path: &std::path::Path| path.display().to_string();
        vec![
            ("KUBECONFIG".to_owned(), text(&self.kubeconfig)),
            ("GUIDE_BOOK".to_owned(), text(&self.root)),
            ("GUIDE_STATE".to_owned(), text(&self.state)),
            ("GUIDE_PROFILE".to_owned(), self.profile.clone()),
            (
                "PATH".to_owned(),
                format!("{}:{}", text(&self.state.join("bin")), settings.surroundings.path),
            ),
        ]
    }
}
