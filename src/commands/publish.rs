//! `guide publish`: makes a site of the book and its recordings. It never runs a step.

#![expect(clippy::disallowed_methods, reason = "the command prints how long it took")]

use std::path::PathBuf;
use std::time::Instant;

use super::book_context::{BookContext, open};
use super::stale::included;
use crate::book::Severity;
use crate::cli::PublishArgs;
use crate::error::{Error, Exit};
use crate::plan::Selection;
use crate::publish::{Annotator, View};
use crate::recording::Recording;
use crate::report::{self, Publication};
use crate::secrets::{Masker, without_printed_secrets, without_secret_data};
use crate::serve::serve;
use crate::settings::Settings;
use crate::store::{
    ForeignCommand, MadeSite, Recordings, Site, SiteFiles, change_stamp, foreign_commands,
    included_steps, read_book, remember_allowed, site_file, were_allowed,
};

/// A book with no profile of its own is recorded under this one.
const PLAIN: &str = "default";

/// Makes the site, reports missing and stale recordings, and with `--serve` serves the site.
pub(super) fn publish(settings: &Settings, args: &PublishArgs) -> Result<Exit, Error> {
    let allowed = allowed_commands(settings, args)?;
    let publication =
        report::notice_when_slow("making the site", || make(settings, args, &allowed))?;
    report::eprint(&report::publication_notes(&publication, args.strict));
    report::print(&report::publication_text(&publication))?;
    if args.serve {
        return serve_site(settings, args, &allowed, &publication.out);
    }
    let flawed = !(publication.stale.is_empty()
        && publication.missing.is_empty()
        && publication.never_run.is_empty());
    Ok(if args.strict && flawed { Exit::Differs } else { Exit::AsWritten })
}

/// The commands of other programs that book.toml names. They are printed first, and the user is asked unless they were allowed before.
fn allowed_commands(settings: &Settings, args: &PublishArgs) -> Result<Vec<ForeignCommand>, Error> {
    let root = super::found_book(settings)?;
    let commands = foreign_commands(&root)?;
    if commands.is_empty() {
        return Ok(commands);
    }
    let list: String = commands.iter().map(|command| format!("  {command}\n")).collect();
    report::eprint(&format!("book.toml names commands that making the site runs:\n{list}"));
    let cache = settings.surroundings.cache.as_deref();
    if args.allow_commands || cache.is_some_and(|cache| were_allowed(cache, &root, &commands)) {
        return Ok(commands);
    }
    if !report::stdin_is_terminal() {
        return Err(Error::usage(
            "these commands have not been allowed yet",
            "read them, then allow them with `--allow-commands`, or answer once on a terminal; the answer is remembered",
        ));
    }
    if !report::ask("run them, now and whenever this book's site is made?") {
        return Err(Error::usage(
            "these commands were not allowed",
            "remove their tables from book.toml to make the site without them",
        ));
    }
    if let Some(cache) = cache {
        remember_allowed(cache, &root, &commands)?;
    }
    Ok(commands)
}

fn make(
    settings: &Settings,
    args: &PublishArgs,
    allowed: &[ForeignCommand],
) -> Result<Publication, Error> {
    let began = Instant::now();
    let (context, views) = read_views(settings, args.pending)?;
    let (stale, missing) = flaws(&context, &views);
    let never_run = included_steps(&context.root, &context.book);
    let pending = if args.pending { 0 } else { pending_recordings(&context) };
    let chapters = context.book.chapters.len();
    let site = Site {
        root: context.root.clone(),
        src: context.root.join(&context.config.src),
        state: context.state.clone(),
        out: args.out.as_ref().map(|out| settings.here.join(out)),
        private: context.values_files.clone(),
        allowed: allowed.to_vec(),
    };
    let made = site.build(annotator(context, views))?;
    Ok(Publication {
        notes: notes(&made),
        out: made.out,
        chapters,
        stale,
        missing,
        never_run,
        pending,
        seconds: began.elapsed().as_secs_f64(),
    })
}

/// The preprocessor that puts the recordings into the book's pages.
pub(super) fn annotator(context: BookContext, views: Vec<View>) -> Annotator {
    let src = context.root.join(&context.config.src);
    let mut never = context.values_files;
    never.push(context.state);
    let files = SiteFiles::of(&src, &never);
    Annotator::new(
        &context.root,
        &src,
        context.book,
        views,
        Box::new(move |path| files.lacks(path)),
    )
}

/// What the site leaves out, and how the author can add it.
fn notes(made: &MadeSite) -> Vec<String> {
    let mut notes = Vec::new();
    if made.no_print_page {
        notes.push("the site has no page of the whole book (print.html), because it would be very long; `[output.html.print] enable = true` in book.toml adds it".to_owned());
    }
    if let [first, ..] = &made.unlinked[..] {
        let what = if made.unlinked.len() == 1 {
            "1 file beside the chapters is".to_owned()
        } else {
            format!("{} files beside the chapters are", made.unlinked.len())
        };
        notes.push(format!(
            "{what} not part of the site, because no page links there (the first is `{}`)",
            first.display()
        ));
    }
    notes
}

/// The book, and one view of it for each profile, those with the most recordings first. With `pending`, a pending recording replaces
/// the accepted one.
pub(super) fn read_views(
    settings: &Settings,
    pending: bool,
) -> Result<(BookContext, Vec<View>), Error> {
    let root = super::found_book(settings)?;
    let recordings = Recordings::of(&root);
    let mut profiles = read_book(&root).profiles();
    profiles.extend(recordings.all_profiles(false));
    profiles.extend(recordings.all_profiles(true).into_iter().filter(|_| pending));
    if let Some(only) = &settings.profile {
        profiles = vec![only.clone()];
    }
    if profiles.is_empty() {
        profiles.push(PLAIN.to_owned());
    }
    profiles.sort();
    profiles.dedup();
    let mut views = Vec::new();
    let mut base = None;
    for profile in profiles {
        let mut context = open(&Settings { profile: Some(profile), ..settings.clone() })?;
        // Making a site runs no step.
        context.problems.retain(|problem| problem.severity != Severity::Unrunnable);
        let plan = context.plan(&Selection::default())?;
        let masker = context.masker_of(&plan);
        let mut found = std::collections::HashMap::new();
        for chapter in &plan.chapters {
            let name = chapter.name.as_str();
            let new = if pending { recordings.pending(name, &plan.profile)? } else { None };
            let accepted =
                if new.is_some() { None } else { recordings.accepted(name, &plan.profile)? };
            if let Some(mut recording) = new.or(accepted) {
                hide_secrets(&mut recording, &masker);
                found.insert(chapter.name.to_string(), recording);
            }
        }
        let included = included(&recordings, &plan);
        views.push(View::new(plan, included, found, context.has_cluster(), masker));
        base.get_or_insert(context);
    }
    views.sort_by_key(|view| std::cmp::Reverse(view.recordings.len()));
    let context =
        base.ok_or_else(|| Error::usage("the book has no profile", "name one with `--profile`"))?;
    Ok((context, views))
}

/// Masks a recording again. It was masked when it was written, but more secrets may be known now.
fn hide_secrets(recording: &mut Recording, masker: &Masker) {
    for step in &mut recording.steps {
        step.output = masker.mask(&without_printed_secrets(&step.output));
    }
    for text in recording.manifests.values_mut() {
        *text = masker.mask(&without_secret_data(text));
    }
}

/// The number of recordings that are pending review.
fn pending_recordings(context: &BookContext) -> usize {
    let recordings = Recordings::of(&context.root);
    context
        .book
        .chapters
        .iter()
        .map(|chapter| recordings.profiles(chapter.name.as_str(), true).len())
        .sum()
}

/// The stale and the missing recordings, one line for each step, or one line for a chapter without any recording. Profiles without
/// recordings are ignored.
fn flaws(context: &BookContext, views: &[View]) -> (Vec<String>, Vec<String>) {
    let (mut stale, mut missing) = (Vec::new(), Vec::new());
    if views.iter().all(|view| !view.ran())
        && context.book.chapters.iter().any(|chapter| chapter.steps().next().is_some())
    {
        missing.push("nothing is recorded yet".to_owned());
    }
    for view in views.iter().filter(|view| view.ran()) {
        for chapter in &view.plan.chapters {
            let Some(recording) = view.recording(&chapter.name) else {
                if !chapter.steps.is_empty() {
                    let steps = chapter.steps.len();
                    missing.push(format!(
                        "{} ({}): none of its {steps} steps",
                        chapter.name,
                        view.profile()
                    ));
                }
                continue;
            };
            let judged = recording.judged(&view.plan, chapter, &view.included);
            for (step, judged) in chapter.steps.iter().zip(judged) {
                match judged {
                    None => {
                        missing.push(format!("{}: {} ({})", step.place, step.id, view.profile()));
                    }
                    Some((_, reasons)) if !reasons.is_empty() => {
                        stale.push(format!(
                            "{}: {} ({}): {}",
                            step.place,
                            step.id,
                            view.profile(),
                            reasons.join(", ")
                        ));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    (stale, missing)
}

/// Serves the site until Ctrl-C, and makes it again whenever a file of the book changes.
fn serve_site(
    settings: &Settings,
    args: &PublishArgs,
    allowed: &[ForeignCommand],
    out: &std::path::Path,
) -> Result<Exit, Error> {
    let context = open(settings)?;
    let watched: Vec<PathBuf> = [&context.config.src, "book.toml", "snapshots"]
        .iter()
        .map(|name| context.root.join(name))
        .collect();
    let interrupt = super::run::listen()?;
    report::eprint(&format!("http://127.0.0.1:{}/ (Ctrl-C ends it)\n", args.port));
    let mut served_stamp = change_stamp(&watched);
    let mut keep_serving = || {
        let now = change_stamp(&watched);
        if now != served_stamp {
            served_stamp = now;
            match report::notice_when_slow("making the site", || make(settings, args, allowed)) {
                Ok(publication) => report::eprint(&report::publication_text(&publication)),
                Err(error) => report::report_error(
                    &error,
                    super::style(settings, report::stderr_is_terminal()),
                ),
            }
        }
        interrupt.count() == 0
    };
    serve(args.port, &mut |url| site_file(out, url), &mut keep_serving)?;
    Ok(Exit::AsWritten)
}
