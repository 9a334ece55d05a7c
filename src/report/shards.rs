//! `guide plan --shards`: the chapters of the book, divided among machines.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::humanize::{count, duration};
use super::json::json_text;
use super::style::Style;
use crate::plan::Split;

/// A paragraph for each shard: its time, its chapters, and what runs before them.
pub(crate) fn split_text(split: &Split, style: &Style) -> String {
    let all = split.shards.len();
    let slowest = split.shards.iter().map(|shard| shard.milliseconds).max().unwrap_or_default();
    let whole = split.chapters.iter().map(|chapter| chapter.milliseconds).sum();
    let mut text = format!(
        "{}, the slowest takes {} (one machine: {})\n",
        style.strong(count(all, "shard")),
        time(slowest),
        time(whole)
    );
    for (index, shard) in split.shards.iter().enumerate() {
        let number = format!("{}/{all}", index + 1);
        let _ = writeln!(text, "\nshard {}  {}", style.strong(number), time(shard.milliseconds));
        let names = split.names(&shard.chapters).join(", ");
        let names = if names.is_empty() { "nothing to run".to_owned() } else { names };
        let _ = writeln!(text, "  {names}");
        if !shard.needed.is_empty() {
            let needed = split.names(&shard.needed).join(", ");
            let _ = writeln!(text, "  {}", style.faint(format!("needed by them: {needed}")));
        }
    }
    let estimated: Vec<&str> = split
        .chapters
        .iter()
        .filter(|chapter| !chapter.measured)
        .map(|chapter| chapter.name.as_str())
        .collect();
    if !estimated.is_empty() {
        let estimated = estimated.join(", ");
        let note = format!("no time is known of {estimated}: estimated by the number of steps");
        let _ = writeln!(text, "\n{}", style.faint(note));
    }
    let _ = writeln!(text, "\nrun one of them with `guide run --shard 1/{all}`");
    text
}

/// The same for programs.
pub(crate) fn split_json(split: &Split) -> String {
    let chapter = |index: &usize| {
        let chapter = &split.chapters[*index];
        json!({ "chapter": chapter.name, "seconds": seconds(chapter.milliseconds), "measured": chapter.measured })
    };
    let all = split.shards.len();
    let shards: Vec<Value> = split
        .shards
        .iter()
        .enumerate()
        .map(|(index, shard)| {
            json!({
                "shard": format!("{}/{all}", index + 1),
                "seconds": seconds(shard.milliseconds),
                "chapters": shard.chapters.iter().map(chapter).collect::<Vec<_>>(),
                "needed": shard.needed.iter().map(chapter).collect::<Vec<_>>(),
            })
        })
        .collect();
    json_text(&json!({ "split": split.id, "shards": shards }))
}

/// One line for `$GITHUB_OUTPUT`: the matrix of a job that runs one shard. Shards without work are left out.
pub(crate) fn split_matrix(split: &Split) -> String {
    let all = split.shards.len();
    let include: Vec<Value> = split
        .shards
        .iter()
        .enumerate()
        .filter(|(_, shard)| !shard.chapters.is_empty())
        .map(|(index, shard)| {
            let names = split.names(&shard.chapters).join(" ");
            json!({ "shard": format!("{}/{all}", index + 1), "chapters": names })
        })
        .collect();
    format!("matrix={}\n", json!({ "include": include }))
}

fn time(milliseconds: u64) -> String {
    duration(seconds(milliseconds))
}

fn seconds(milliseconds: u64) -> f64 {
    std::time::Duration::from_millis(milliseconds).as_secs_f64()
}
