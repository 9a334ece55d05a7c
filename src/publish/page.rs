//! The Markdown of a chapter → Markdown in which its steps and manifests are HTML with the recorded output.

use std::collections::HashMap;

use super::block::Drawing;
use super::html::text as escaped;
use super::manifest::manifest;
use super::shape::shape;
use super::timeline::timeline;
use super::view::{StepView, Views};
use crate::book::{Block, Chapter, Span};
use crate::ids::StepName;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The most bytes of all outputs on a page, and the limits of one output that are tried to stay below it.
const PAGE_OUTPUT: usize = 90_000;
const CUTS: [usize; 6] = [24_000, 12_000, 6_000, 3_000, 1_500, 600];

/// The style and the script of a page, which precede its text. Nothing is loaded from another server.
pub(crate) fn assets() -> String {
    let style: String = STYLE.lines().map(str::trim).collect();
    format!("<style>{style}</style>\n<script>\n{SCRIPT}</script>\n\n")
}

/// The page of a chapter. `text` is the Markdown from which `chapter` was parsed.
pub(crate) fn annotate(chapter: &Chapter, text: &str, views: &Views) -> String {
    let steps: Vec<_> = views.iter().map(|view| view.steps(&chapter.name)).collect();
    let most = affordable(&steps);
    let hidden =
        chapter.steps().filter(|step| step.attributes.hidden).map(|step| &step.name).collect();
    let drawing = Drawing { chapter: &chapter.name, views, steps, hidden, most };
    let from = chapter.front.span.map_or(0, |span| span.range().end);
    let mut page = String::with_capacity(text.len() * 2);
    let mut at = from;
    let mut blocks = chapter.blocks.iter().peekable();
    while let Some(block) = blocks.next() {
        let start = span_of(block).range().start;
        page.push_str(&text[at..start]);
        let mut end = end_of(block);
        let mut group = vec![block];
        // Blocks of other profiles directly after it are alternatives for another world.
        while let Some(next) = blocks.peek()
            && follows(text, end, &group, next)
        {
            end = end_of(next);
            group.extend(blocks.next());
        }
        page.push_str(&written(text, start, end, &group, &drawing));
        at = end;
    }
    page.push_str(&text[at..]);
    page.push_str(&pictures(chapter, views));
    page.trim_start().to_owned()
}

/// The beginning of a line of HTML that ends with the line. Other HTML needs a blank line after it, which would put paragraphs into the
/// entries of a list around it.
const ALONE: &str = "<!-- step -->";

/// The HTML of one block, or of several as tabs; empty if all of them are hidden. In a quotation the Markdown is not changed.
fn written(
    text: &str,
    start: usize,
    end: usize,
    group: &[&Block],
    drawing: &Drawing<'_>,
) -> String {
    let shown: Vec<&&Block> = group.iter().filter(|block| !is_hidden(block)).collect();
    if shown.is_empty() {
        return String::new();
    }
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    if text[line..start].contains('>') {
        return text[start..end].to_owned();
    }
    let one = |block: &&&Block| match block {
        Block::Step(step) => drawing.step(step),
        Block::Manifest(block) => manifest(block, drawing.chapter, drawing.views),
    };
    let html: String = shown.iter().map(one).collect();
    let first = drawing.views.first().map_or(String::new(), |view| escaped(view.profile()));
    if shown.len() > 1 {
        format!("{ALONE}<div class=\"g-group g-tabs\" data-first=\"{first}\">{html}</div>")
    } else {
        format!("{ALONE}{html}")
    }
}

fn span_of(block: &Block) -> Span {
    match block {
        Block::Step(step) => step.span,
        Block::Manifest(manifest) => manifest.span,
    }
}

/// The end of a block, including the `output` fence of a step.
fn end_of(block: &Block) -> usize {
    match block {
        Block::Step(step) => {
            step.expected.as_ref().map_or(step.span, |expected| expected.span).range().end
        }
        Block::Manifest(manifest) => manifest.span.range().end,
    }
}

/// Whether the page omits the block.
fn is_hidden(block: &Block) -> bool {
    match block {
        Block::Step(step) => step.attributes.hidden,
        Block::Manifest(manifest) => manifest.hidden,
    }
}

fn profiles_of(block: &Block) -> &[String] {
    match block {
        Block::Step(step) => &step.attributes.profiles,
        Block::Manifest(manifest) => &manifest.profiles,
    }
}

fn follows(text: &str, end: usize, group: &[&Block], next: &Block) -> bool {
    let own = profiles_of(next);
    let others = group.iter().flat_map(|block| profiles_of(block));
    let start = span_of(next).range().start;
    !own.is_empty()
        && group.iter().all(|block| !profiles_of(block).is_empty())
        && others.into_iter().all(|other| !own.contains(other))
        && text[end..start].trim().is_empty()
}

/// The largest cut with which all outputs of the page fit.
fn affordable(steps: &[HashMap<StepName, StepView<'_>>]) -> usize {
    let lengths: Vec<usize> = steps
        .iter()
        .flat_map(HashMap::values)
        .filter_map(|step| match step {
            StepView::Recorded(step, _) => Some(step.output.len()),
            StepView::NotRun => None,
        })
        .collect();
    let fits = |most: &usize| {
        lengths.iter().map(|length| (*length).min(*most)).sum::<usize>() <= PAGE_OUTPUT
    };
    CUTS.into_iter().find(fits).unwrap_or(300)
}

/// The run of the chapter and the cluster after it, for each profile that recorded it.
fn pictures(chapter: &Chapter, views: &Views) -> String {
    let mut html = String::new();
    for view in views {
        let (Some(recording), Some(planned)) =
            (view.recording(&chapter.name), view.chapter(&chapter.name))
        else {
            continue;
        };
        let time = timeline(recording, planned);
        let cluster =
            recording.shape.as_ref().map_or(String::new(), |found| shape(found, &view.own));
        if time.is_empty() && cluster.is_empty() {
            continue;
        }
        let under = if views.len() > 1 {
            format!(", profile {}", escaped(view.profile()))
        } else {
            String::new()
        };
        html.push_str(&format!("\n\n## The run{under}\n\n"));
        if !time.is_empty() {
            html.push_str(&format!("{time}\n\n"));
        }
        if !cluster.is_empty() {
            html.push_str(&format!("### The cluster after this chapter\n\n{cluster}\n\n"));
        }
    }
    html
}
