//! What `guide init` says.

use std::path::{Path, PathBuf};

/// A block of someone's Markdown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surveyed {
    /// 1-based line of its fence.
    pub line: u32,
    /// What becomes of it.
    pub what: String,
    /// Its first command.
    pub first: String,
    /// What it would change.
    pub touches: Vec<Touch>,
}

/// What a command changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touch {
    /// Objects of a cluster.
    Cluster,
    /// Containers, images, whole clusters.
    Engine,
    /// Files.
    Files,
    /// Packages, services, the kernel's settings.
    Machine,
    /// Fetches something.
    Network,
    /// A program nothing is known of.
    Unknown(String),
}

impl std::fmt::Display for Touch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cluster => f.write_str("the cluster's objects"),
            Self::Engine => f.write_str("containers, images or whole clusters"),
            Self::Files => f.write_str("files"),
            Self::Machine => f.write_str("THE MACHINE ITSELF"),
            Self::Network => f.write_str("nothing, but fetches from the network"),
            Self::Unknown(program) => write!(f, "whatever `{program}` does"),
        }
    }
}

/// A line or two a block.
#[must_use]
pub fn survey_text(told: &[Surveyed]) -> String {
    let mut text = String::new();
    for one in told {
        text.push_str(&format!("line {}: {}\n", one.line, one.what));
        if !one.first.is_empty() {
            text.push_str(&format!("    {}\n", one.first));
        }
        if one.what.starts_with("runs") {
            let touches: Vec<String> = one.touches.iter().map(ToString::to_string).collect();
            let changes = if touches.is_empty() { "nothing: it only looks".to_owned() } else { touches.join("; ") };
            text.push_str(&format!("    changes {changes}\n"));
        }
    }
    if told.iter().all(|one| !one.what.starts_with("runs")) {
        text.push_str("nothing of it would run: only `bash` and `sh` blocks do\n");
    }
    text
}

/// What was written, and what to type now.
#[must_use]
pub fn initialised(files: &[PathBuf], folder: Option<&Path>, cluster: bool) -> String {
    let mut text: String = files.iter().map(|file| format!("wrote {}\n", file.display())).collect();
    let cd = folder.map_or(String::new(), |folder| format!("cd {} && ", folder.display()));
    text.push_str(&format!("now:  {cd}guide check && guide run && guide review && guide publish\n"));
    if cluster {
        text.push_str("its second chapter wants kind and kubectl: guide doctor\n");
    }
    text
}
