//! Renders the pages of a long book in time that grows linearly with its length.
//!
//! mdBook's renderer copies the list of all chapters for each page, although only the table of contents uses it. A long book is
//! therefore rendered in parts and in several threads: the *frame*, which concerns the whole book (table of contents, search index,
//! styles and scripts), and the pages in groups that know only their neighbours. The result is equal byte for byte.

#![expect(clippy::disallowed_methods, reason = "`store` is the room that opens files")]

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use mdbook_driver::book::{Book, BookItem, Chapter};
use mdbook_driver::config::{Config, HtmlConfig};
use mdbook_driver::errors::{Error, Result};
use mdbook_html::HtmlHandlebars;
use mdbook_renderer::{RenderContext, Renderer};
use serde_json::json;

/// The number of pages in a group. The cost of a group is that of mdBook's styles and scripts, plus the square of this number.
const GROUP: usize = if cfg!(test) { 10 } else { 100 };
/// Scripts whose content, and therefore whose name in the site, depends on the whole book.
const WHOLE_BOOK_SCRIPTS: [&str; 2] = ["toc", "searchindex"];
/// The templates of a theme that every page uses.
const PAGE_TEMPLATES: [&str; 3] = ["index.hbs", "head.hbs", "header.hbs"];

/// Renders a book as mdBook's renderer does. `book` is the book of the context, `theme` the folder of the theme, and `room` a folder
/// for temporary files.
pub(super) fn render(context: RenderContext, book: &Book, theme: &Path, room: &Path) -> Result<()> {
    let html = context.config.html_config().unwrap_or_default();
    let pages = Pages::of(book);
    if pages.all.len() <= 2 * GROUP || html.print.enable || lists_chapters(theme) {
        return HtmlHandlebars::new().render(&context);
    }
    let without_book = with(&context, Book::new(), context.config.clone(), &context.destination);
    let groups: Vec<Group<'_>> = (0..pages.all.len().div_ceil(GROUP))
        .map(|index| Group {
            context: &without_book,
            html: &html,
            pages: &pages,
            index,
            out: room.join(index.to_string()),
        })
        .collect();
    let next = AtomicUsize::new(0);
    let render_groups = || -> Result<()> {
        while let Some(group) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
            group.render()?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..thread::available_parallelism().map_or(1, usize::from))
            .map(|_| scope.spawn(render_groups))
            .collect();
        let frame = render_frame(context, pages.all[0]);
        let all = others.into_iter().map(|other| joined(other.join()));
        all.fold(frame.and_then(|()| render_groups()), Result::and)
    })?;
    groups.iter().try_for_each(Group::take_over)
}

fn joined(ended: thread::Result<Result<()>>) -> Result<()> {
    ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Whether a template of this theme uses the list of chapters on every page. mdBook's own templates do not.
fn lists_chapters(theme: &Path) -> bool {
    PAGE_TEMPLATES.iter().any(|name| {
        let template = fs::read_to_string(theme.join(name)).unwrap_or_default();
        template.contains("chapters") || template.contains("{{#toc")
    })
}

/// Renders everything except the pages. mdBook refuses a redirect from an existing page when it reaches that page, after the frame is
/// complete. A redirect from the first page therefore stops it in time.
fn render_frame(mut frame: RenderContext, first: &Chapter) -> Result<()> {
    let page = format!("/{}", page_of(first));
    frame.config.set("output.html.redirect", json!({ &page: "stop" }))?;
    match HtmlHandlebars::new().render(&frame) {
        Err(error) if error.to_string().contains(&format!("existing chapter at `{page}`")) => {
            Ok(())
        }
        Err(error) => Err(error),
        Ok(()) => Err(Error::msg("mdBook did not stop at the redirect from an existing page")),
    }
}

fn with(context: &RenderContext, book: Book, config: Config, out: &Path) -> RenderContext {
    let mut other = RenderContext::new(&context.root, book, config, out);
    other.chapter_titles.clone_from(&context.chapter_titles);
    other
}

/// The chapters that have a page, in their order.
struct Pages<'a> {
    all: Vec<&'a Chapter>,
    /// The index of each page, by its address.
    places: HashMap<String, usize>,
}

impl<'a> Pages<'a> {
    fn of(book: &'a Book) -> Self {
        let all: Vec<&Chapter> = book.chapters().collect();
        let places = all.iter().enumerate().map(|(place, page)| (page_of(page), place)).collect();
        Self { all, places }
    }

    /// The group that makes the page or the redirect at this address.
    fn group_of(&self, address: &str) -> usize {
        match self.places.get(address) {
            Some(place) => place / GROUP,
            // mdBook makes it from the first chapter.
            None if address == "index.html" => 0,
            None => (self.all.len() - 1) / GROUP,
        }
    }
}

/// Pages that are rendered together.
struct Group<'a> {
    /// The context without the book.
    context: &'a RenderContext,
    html: &'a HtmlConfig,
    pages: &'a Pages<'a>,
    /// Its index among the groups.
    index: usize,
    /// The folder in which they are rendered.
    out: PathBuf,
}

impl Group<'_> {
    fn range(&self) -> Range<usize> {
        self.index * GROUP..self.pages.all.len().min((self.index + 1) * GROUP)
    }

    fn is_last(&self) -> bool {
        self.range().end == self.pages.all.len()
    }

    fn render(&self) -> Result<()> {
        let mut config = self.context.config.clone();
        config.set("output.html.search.chapter", json!({ "": { "enable": false } }))?;
        let redirects: serde_json::Map<_, _> =
            self.redirects().map(|(from, to)| (from.clone(), json!(to))).collect();
        config.set("output.html.redirect", redirects)?;
        if !self.is_last() {
            config.set("output.html.input-404", "")?;
        }
        let book = Book::new_with_items(self.items());
        HtmlHandlebars::new().render(&with(self.context, book, config, &self.out))
    }

    /// Its own chapters, and the empty neighbours to which its first and last page link.
    fn items(&self) -> Vec<BookItem> {
        let own = self.range();
        let with_neighbours = own.start.saturating_sub(1)..self.pages.all.len().min(own.end + 1);
        with_neighbours
            .map(|place| {
                let page = self.pages.all[place];
                let content =
                    if own.contains(&place) { page.content.clone() } else { String::new() };
                copied(page, content)
            })
            .collect()
    }

    /// The redirects from its pages. The last group also has the redirects from addresses without a page.
    fn redirects(&self) -> impl Iterator<Item = (&String, &String)> {
        let all = self.html.redirect.iter();
        all.filter(|(from, _)| self.pages.group_of(address(from)) == self.index)
    }

    /// Moves its pages into the site.
    fn take_over(&self) -> Result<()> {
        let site = &self.context.destination;
        let names: Vec<(String, String)> = WHOLE_BOOK_SCRIPTS
            .iter()
            .filter_map(|script| Some((hashed(&self.out, script)?, hashed(site, script)?)))
            .collect();
        let mut pages: Vec<String> =
            self.range().map(|place| page_of(self.pages.all[place])).collect();
        pages.extend((self.index == 0).then(|| "index.html".to_owned()));
        pages.extend(self.is_last().then(|| self.html.get_404_output_file()));
        // A redirect never replaces a file.
        let redirects = self.redirects().map(|(from, _)| address(from).to_owned());
        let free = redirects.filter(|from| !site.join(from).exists()).collect::<Vec<_>>();
        for file in pages.iter().chain(&free) {
            let (from, to) = (self.out.join(file), site.join(file));
            let Ok(mut text) = fs::read_to_string(&from) else { continue };
            for (here, there) in &names {
                text = text.replace(here, there);
            }
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(&to, text)?;
        }
        Ok(fs::remove_dir_all(&self.out)?)
    }
}

/// A copy of the chapter without the chapters below it.
fn copied(page: &Chapter, content: String) -> BookItem {
    BookItem::Chapter(Chapter {
        name: page.name.clone(),
        content,
        number: page.number.clone(),
        sub_items: Vec::new(),
        path: page.path.clone(),
        source_path: page.source_path.clone(),
        parent_names: page.parent_names.clone(),
    })
}

/// The address of a chapter's page in the site.
fn page_of(chapter: &Chapter) -> String {
    let path = chapter.path.as_deref().unwrap_or(Path::new("")).with_extension("html");
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// The page from which a redirect leads.
fn address(redirect: &str) -> &str {
    redirect.split('#').next().unwrap_or_default().trim_start_matches('/')
}

/// The name of this script in the site, if the name contains a hash.
fn hashed(site: &Path, script: &str) -> Option<String> {
    fs::read_dir(site)
        .ok()?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .find(|name| {
            name.strip_prefix(script)
                .and_then(|rest| rest.strip_prefix('-')?.strip_suffix(".js"))
                .is_some_and(|hash| {
                    hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
                })
        })
}

#[cfg(test)]
mod tests;
