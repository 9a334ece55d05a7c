//! mdBook's HTML renderer, except for the files that it copies: it would copy every file of the chapters' folder, through every link.
//!
//! It therefore gets an empty folder of chapters in a root of its own, which contains only the files that `book.toml` names for the
//! pages. The files that belong into the site are copied afterwards.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use mdbook_driver::book::BookItem;
use mdbook_driver::config::Config;
use mdbook_driver::errors::{Error, Result};
use mdbook_renderer::{RenderContext, Renderer};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};

use super::files::{Durability, replace_book_file};
use super::site_files::{SiteFiles, linked};
use super::site_parts;
use crate::book::MARKDOWN;
use crate::publish::{make_book_visible, make_visible, visible_line, visible_markdown};

/// The most chapters with which the page of the whole book is made, unless `book.toml` requests it.
const MOST_PRINTED: usize = 600;

/// Replaces highlight.js (137 kB) if no page contains code in a language. mdBook's script calls only these two functions.
const NO_HIGHLIGHT: &str = "window.hljs={configure:function(){},highlightBlock:function(){}};\n";
/// Replaces twelve font files by the fonts of the reader.
const NO_FONTS: &str = "/* the reader's own fonts: nothing to load */\n";
/// Languages that are not highlighted: guide shows commands itself, and the others are plain text.
const PLAIN: [&str; 9] =
    ["", "bash", "sh", "console", "output", "text", "txt", "plain", "plaintext"];

/// What the site does not contain.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    /// The files of the chapters' folder that no page uses.
    pub files: Vec<PathBuf>,
    /// Whether the page of the whole book was omitted because of its length.
    pub print_page: bool,
}

/// The renderer.
#[derive(Debug)]
pub(super) struct HtmlSite {
    /// The files of the chapters' folder.
    pub files: SiteFiles,
    /// The files of the book's folder, for those that `book.toml` names.
    pub book_files: SiteFiles,
    /// A folder to work in.
    pub room: PathBuf,
    /// Set by rendering.
    pub left_out: Rc<RefCell<LeftOut>>,
}

impl Renderer for HtmlSite {
    fn name(&self) -> &'static str {
        "html"
    }

    fn render(&self, context: &RenderContext) -> Result<()> {
        stay_inside(context)?;
        let mut config = context.config.clone();
        let root = self.workspace(context, &mut config)?;
        let theme = self.choose_theme(context, &mut config)?;
        let chapters =
            context.book.iter().filter(|item| matches!(item, BookItem::Chapter(_))).count();
        if chapters > MOST_PRINTED && !config.contains_key("output.html.print.enable") {
            config.set("output.html.print.enable", false)?;
            self.left_out.borrow_mut().print_page = true;
        }
        // Other preprocessors may have put something in after guide has.
        let mut book = context.book.clone();
        make_book_visible(&mut book);
        make_titles_visible(&mut config);
        let mut staged = RenderContext::new(root, book.clone(), config, &context.destination);
        staged.chapter_titles.clone_from(&context.chapter_titles);
        staged.chapter_titles.values_mut().for_each(|title| make_visible(title, visible_line));
        site_parts::render(staged, &book, &theme, &self.room.join("parts"))?;
        self.copy_files(context)
    }
}

impl HtmlSite {
    /// Creates a root with an empty folder of chapters and the files of the book that `book.toml` names.
    fn workspace(&self, context: &RenderContext, config: &mut Config) -> Result<PathBuf> {
        let src = &context.config.book.src;
        let mut root = self.room.join("workspace");
        // `..` in the path of the chapters' folder must lead to a place in the workspace too.
        src.components().filter(|part| *part == Component::ParentDir).for_each(|_| root.push("up"));
        if src.is_absolute() {
            config.book.src = PathBuf::from("src");
        }
        // A folder that the path only passes through (`x/../guide`) must exist too.
        fs::create_dir_all(&root)?;
        let mut chapters = root.clone();
        for part in config.book.src.components() {
            chapters.push(part);
            fs::create_dir_all(&chapters)?;
        }
        let html = context.config.html_config().unwrap_or_default();
        for file in html.additional_css.iter().chain(&html.additional_js) {
            let real = self.book_files.allowed(file).filter(|_| stays_below(file));
            let real = real.ok_or_else(|| {
                Error::msg(not_of_the_book("additional-css and additional-js", file))
            })?;
            copy(&real, &root.join(file))?;
        }
        let page = html.input_404.as_deref().filter(|page| !page.is_empty());
        if let Some(real) = self.files.allowed(Path::new(page.unwrap_or("404.md"))) {
            let mut text = fs::read_to_string(&real)?;
            make_visible(&mut text, visible_markdown);
            let staged = chapters.join(page.unwrap_or("404.md"));
            replace_book_file(&staged, text.as_bytes(), Durability::Lazy)?;
        }
        Ok(root)
    }

    /// The book's own theme, otherwise mdBook's theme without files that no page needs.
    fn choose_theme(&self, context: &RenderContext, config: &mut Config) -> Result<PathBuf> {
        let named = context.config.html_config().and_then(|html| html.theme);
        let own = context.root.join("theme");
        let theme = match named {
            Some(named) => context.root.join(named),
            None if own.is_dir() => own,
            None => {
                let light = self.room.join("theme");
                replace_book_file(
                    &light.join("fonts/fonts.css"),
                    NO_FONTS.as_bytes(),
                    Durability::Lazy,
                )?;
                if !pages(context).any(|(_, text)| has_code(text)) {
                    replace_book_file(
                        &light.join("highlight.js"),
                        NO_HIGHLIGHT.as_bytes(),
                        Durability::Lazy,
                    )?;
                }
                light
            }
        };
        config.set("output.html.theme", &theme)?;
        Ok(theme)
    }

    fn copy_files(&self, context: &RenderContext) -> Result<()> {
        let found = self.files.find();
        for file in &found.shown {
            self.files.copy(file, &context.destination)?;
        }
        if found.others.is_empty() {
            return Ok(());
        }
        let mut links = BTreeSet::new();
        for (page, text) in pages(context) {
            linked(text, page, &mut links);
        }
        let (linked, unlinked): (Vec<_>, Vec<_>) =
            found.others.into_iter().partition(|file| links.contains(file));
        for file in &linked {
            self.files.copy(file, &context.destination)?;
        }
        self.left_out.borrow_mut().files = unlinked;
        Ok(())
    }
}

/// The path and the Markdown of every page.
fn pages(context: &RenderContext) -> impl Iterator<Item = (&Path, &str)> {
    context.book.iter().filter_map(|item| match item {
        BookItem::Chapter(chapter) => Some((chapter.path.as_deref()?, chapter.content.as_str())),
        _ => None,
    })
}

/// The title, the description and the authors stand on every page.
fn make_titles_visible(config: &mut Config) {
    let book = &mut config.book;
    let named = book.title.iter_mut().chain(&mut book.description).chain(&mut book.authors);
    named.for_each(|name| make_visible(name, visible_line));
}

fn has_code(markdown: &str) -> bool {
    Parser::new_ext(markdown, MARKDOWN).any(|event| {
        let Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) = event else { return false };
        let language = info.split([',', ' ', '{', '\t']).next().unwrap_or_default();
        !PLAIN.contains(&language)
    })
}

/// Refuses names of pages and redirects that lead out of the site's folder, because mdBook would follow them.
fn stay_inside(context: &RenderContext) -> Result<()> {
    for item in context.book.iter() {
        let BookItem::Chapter(chapter) = item else { continue };
        if let Some(path) = chapter.path.as_deref().filter(|path| !stays_below(path)) {
            return Err(Error::msg(not_of_the_book("SUMMARY.md", path)));
        }
    }
    let html = context.config.html_config().unwrap_or_default();
    let redirects = html.redirect.keys().map(|from| from.trim_start_matches('/'));
    for from in redirects.chain(html.input_404.as_deref()).map(Path::new) {
        if !stays_below(from) {
            return Err(Error::msg(not_of_the_book("[output.html]", from)));
        }
    }
    Ok(())
}

fn stays_below(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

fn not_of_the_book(place: &str, path: &Path) -> String {
    format!("{place}: `{}` is no file of the book that may be in its site", path.display())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to)?;
    Ok(())
}
