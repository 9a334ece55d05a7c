//! A book on an existing cluster: the context of the user's kubeconfig that the book runs on, and the private copy of that context.
//!
//! The user's files are only read. Steps get the copy in the state folder, so that `kubectl config` in a step does not change what
//! other programs use.

use std::path::PathBuf;

use super::book_context::BookContext;
use crate::cluster::{
    PrivateKubeconfig, UserKubeconfig, configured_identity, contexts_of, private_kubeconfig,
};
use crate::diagnostic::Diagnostic;
use crate::error::Error;
use crate::settings::Settings;
use crate::store::{
    BookConfig, KeptWorld, RememberedContext, read_if_there, read_remembered_context,
    read_user_kubeconfigs, world_path, write_private_kubeconfig, write_remembered_context,
};

/// Where the cluster of a book comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ClusterSource {
    /// The book has no cluster.
    None,
    /// A chapter makes the cluster, and writes the kubeconfig.
    Book,
    /// The cluster exists, and the user's kubeconfig has a context for it.
    Existing(ExistingCluster),
}

impl ClusterSource {
    /// The user's kubeconfig files that the book reads.
    pub(super) fn kubeconfigs(&self) -> &[PathBuf] {
        match self {
            Self::Existing(existing) => &existing.files,
            Self::None | Self::Book => &[],
        }
    }
}

/// A context of the user's kubeconfig.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ExistingCluster {
    /// The context's name; `None` means the current context of the files.
    pub name: Option<String>,
    /// The user's kubeconfig files. Files that do not exist are ignored, as kubectl ignores them.
    files: Vec<PathBuf>,
    /// `--kubeconfig`, to be remembered.
    kubeconfig: Option<PathBuf>,
    /// The command line named the context or the file, so an error is a usage error.
    is_typed: bool,
    /// `context` in book.toml.
    of_book: Option<String>,
}

/// A context that was copied.
pub(super) struct Adopted {
    /// The context's name.
    pub context: String,
    /// The user's file that defines it.
    pub from: PathBuf,
}

/// The source that the command line, book.toml or an earlier run names, in this order.
///
/// # Errors
/// When the remembered context cannot be read.
pub(super) fn cluster_source(
    settings: &Settings,
    config: &BookConfig,
    state: &std::path::Path,
) -> Result<ClusterSource, Error> {
    let existing = |name: Option<String>, kubeconfig: Option<PathBuf>, is_typed: bool| {
        ClusterSource::Existing(ExistingCluster {
            name,
            files: match &kubeconfig {
                Some(file) => vec![file.clone()],
                None => settings.user_kubeconfigs(),
            },
            kubeconfig,
            is_typed,
            of_book: config.context.clone(),
        })
    };
    if settings.context.is_some() {
        return Ok(existing(settings.context.clone(), settings.kubeconfig.clone(), true));
    }
    let makes_its_own = config.cluster.is_some();
    if settings.kubeconfig.is_some() {
        // A book that makes its own cluster uses the file itself, since its chapters may write it.
        return Ok(if makes_its_own {
            ClusterSource::Book
        } else {
            existing(config.context.clone(), settings.kubeconfig.clone(), true)
        });
    }
    let remembered = read_remembered_context(state)?.filter(|kept| kept.of_book == config.context);
    Ok(match (remembered, &config.context) {
        (Some(kept), _) => existing(Some(kept.context), kept.kubeconfig, false),
        (None, _) if makes_its_own => ClusterSource::Book,
        (None, Some(context)) => existing(Some(context.clone()), None, false),
        (None, None) => ClusterSource::None,
    })
}

/// Copies the context into the private kubeconfig and remembers it. Changes that steps made to the copy stay until the user's file
/// changes.
///
/// # Errors
/// When there is no such context, when it leads to another cluster than the kept one, or when a file cannot be read or written.
pub(super) fn adopt(
    context: &BookContext,
    existing: &ExistingCluster,
    kept: Option<&KeptWorld>,
) -> Result<Adopted, Error> {
    let files = read_user_kubeconfigs(&existing.files)?;
    let copy = match copied(existing, &files) {
        Ok(copy) => copy,
        Err(error) => {
            return match copied_before(context, existing)? {
                Some(before) => Ok(before),
                None if existing.is_typed && !files.is_empty() => Err(Error::Usage(error)),
                None => Err(Error::World(error)),
            };
        }
    };
    if let Some(kept) = kept
        && let Some(found) = configured_identity(&copy)
    {
        kept.identity.refuse_other(&found, &world_path(&context.state).display().to_string())?;
    }
    let remembered = RememberedContext::new(
        copy.context.clone(),
        existing.kubeconfig.clone(),
        existing.of_book.clone(),
        copy.sha256(),
    );
    let before = read_remembered_context(&context.state)?;
    let is_there = read_if_there(&context.kubeconfig)?.is_some();
    if !is_there
        || before.as_ref().is_none_or(|before| before.copy_sha256 != remembered.copy_sha256)
    {
        write_private_kubeconfig(&context.kubeconfig, &copy.text)?;
    }
    if before.as_ref() != Some(&remembered) {
        write_remembered_context(&context.state, &remembered)?;
    }
    Ok(Adopted { context: copy.context, from: copy.from })
}

fn copied(
    existing: &ExistingCluster,
    files: &[UserKubeconfig],
) -> Result<PrivateKubeconfig, Diagnostic> {
    if files.is_empty() {
        let looked: Vec<String> =
            existing.files.iter().map(|file| file.display().to_string()).collect();
        let looked = if looked.is_empty() {
            "neither KUBECONFIG nor HOME is set".to_owned()
        } else {
            format!("looked for {}", looked.join(", "))
        };
        let hint = "name one with `--kubeconfig FILE`, or by KUBECONFIG";
        return Err(Diagnostic::new(format!("there is no kubeconfig: {looked}")).with_hint(hint));
    }
    private_kubeconfig(files, existing.name.as_deref())
}

/// The copy of an earlier run, for a context that only book.toml or an earlier run names and that the user's files no longer have.
fn copied_before(
    context: &BookContext,
    existing: &ExistingCluster,
) -> Result<Option<Adopted>, Error> {
    let Some(name) = existing.name.as_ref().filter(|_| !existing.is_typed) else {
        return Ok(None);
    };
    let files = read_user_kubeconfigs(std::slice::from_ref(&context.kubeconfig))?;
    let has_it = contexts_of(&files).contains(name);
    Ok(has_it.then(|| Adopted { context: name.clone(), from: context.kubeconfig.clone() }))
}

/// After a step whose kubectl found no kubeconfig and therefore tried `localhost:8080`: how a book gets a cluster.
pub(super) fn no_cluster(
    kubeconfig: &std::path::Path,
    user_kubeconfigs: &[PathBuf],
    output: &str,
) -> Option<Diagnostic> {
    let tried = ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"];
    let refused = output
        .lines()
        .any(|line| line.contains("refused") && tried.iter().any(|address| line.contains(address)));
    let private = read_user_kubeconfigs(&[kubeconfig.to_owned()]).unwrap_or_default();
    if !refused || !contexts_of(&private).is_empty() {
        return None;
    }
    let names = contexts_of(&read_user_kubeconfigs(user_kubeconfigs).unwrap_or_default());
    let yours = if names.is_empty() {
        String::new()
    } else {
        format!(" (your contexts: {})", names.join(", "))
    };
    let message = "no cluster is configured: the step's program tried localhost:8080, as kubectl does without a kubeconfig";
    let hint = format!(
        "for a cluster that exists, run `guide run --context NAME`{yours}, or write `context = \"NAME\"` below \
         [preprocessor.guide] in book.toml; guide copies that context to {} and never changes your own kubeconfig",
        kubeconfig.display()
    );
    Some(Diagnostic::new(message).with_hint(hint))
}
