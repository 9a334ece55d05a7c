use proptest::prelude::*;

use super::*;

/// `name seconds needs…` for each chapter.
fn book(text: &str) -> Vec<TimedChapter> {
    let lines: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split_whitespace().collect())
        .filter(|words: &Vec<_>| !words.is_empty())
        .collect();
    let index = |name: &str| lines.iter().position(|words| words[0] == name).expect("a chapter");
    lines
        .iter()
        .map(|words| TimedChapter {
            name: ChapterName::new(words[0]),
            needs: words[2..].iter().map(|name| index(name)).collect(),
            milliseconds: words[1].parse::<u64>().expect("seconds") * 1000,
            measured: true,
        })
        .collect()
}

/// A line for each shard: its own chapters, those it needs, its seconds.
fn table(split: &Split) -> String {
    let line = |shard: &Shard| {
        format!(
            "{} | {} | {}\n",
            split.names(&shard.chapters).join(" "),
            split.names(&shard.needed).join(" "),
            shard.milliseconds / 1000
        )
    };
    split.shards.iter().map(line).collect()
}

const BOOK: &str = "
    base 30
    web 60 base
    data 50 web
    logs 40 base
    docs 5
";

#[test]
fn what_several_shards_need_is_counted_in_each_of_them() {
    let split = Split::of(book(BOOK), ShardCount::Exactly(2));
    assert_eq!(table(&split), "base web data |  | 140\nlogs docs | base | 75\n");
}

#[test]
fn auto_stops_where_the_slowest_shard_cannot_become_faster() {
    let split = Split::of(book(BOOK), ShardCount::Auto);
    assert_eq!(table(&split), "base web data |  | 140\nlogs docs | base | 75\n");
    let independent = Split::of(book("a 10\nb 10\nc 10"), ShardCount::Auto);
    assert_eq!(independent.shards.len(), 3);
}

#[test]
fn more_shards_than_chapters_leave_shards_without_work() {
    let split = Split::of(book("a 1\nb 2"), ShardCount::Exactly(4));
    assert_eq!(table(&split), "b |  | 2\na |  | 1\n |  | 0\n |  | 0\n");
}

#[test]
fn another_table_has_another_id() {
    let two = Split::of(book(BOOK), ShardCount::Exactly(2));
    assert_eq!(two.id, Split::of(book(BOOK), ShardCount::Exactly(2)).id);
    assert_ne!(two.id, Split::of(book(BOOK), ShardCount::Exactly(3)).id);
    assert_ne!(two.id, Split::of(book(&BOOK.replace("logs", "lags")), ShardCount::Exactly(2)).id);
}

/// Random books: each chapter needs some of those before it; many times are equal.
fn any_book() -> impl Strategy<Value = Vec<TimedChapter>> {
    let chapter = (0..6_u64, proptest::collection::vec(any::<prop::sample::Index>(), 0..3));
    proptest::collection::vec(chapter, 0..24).prop_map(|chapters| {
        let chapter = |(index, (time, needs)): (usize, (u64, Vec<prop::sample::Index>))| {
            let needs: BTreeSet<usize> =
                needs.iter().filter(|_| index > 0).map(|need| need.index(index.max(1))).collect();
            TimedChapter {
                name: ChapterName::new(format!("c{index}")),
                needs: needs.into_iter().collect(),
                milliseconds: time * 1000,
                measured: true,
            }
        };
        chapters.into_iter().enumerate().map(chapter).collect()
    })
}

proptest! {
    #[test]
    fn the_union_of_all_shards_is_the_book_and_nothing_runs_twice_but_what_is_needed(
        chapters in any_book(), count in 1..9_usize
    ) {
        let split = Split::of(chapters.clone(), ShardCount::Exactly(count));
        prop_assert_eq!(split.shards.len(), count);
        let mut owned: Vec<usize> = split.shards.iter().flat_map(|shard| shard.chapters.iter().copied()).collect();
        owned.sort_unstable();
        prop_assert_eq!(owned, (0..chapters.len()).collect::<Vec<_>>());
        for shard in &split.shards {
            let run: BTreeSet<usize> = shard.chapters.union(&shard.needed).copied().collect();
            prop_assert!(shard.chapters.is_disjoint(&shard.needed));
            // What a chapter needs is run as well, and what is run without belonging to the shard is needed by something in it.
            for index in &run {
                prop_assert!(chapters[*index].needs.iter().all(|need| run.contains(need)));
            }
            for needed in &shard.needed {
                prop_assert!(run.iter().any(|index| chapters[*index].needs.contains(needed)));
            }
            let time: u64 = run.iter().map(|index| chapters[*index].milliseconds).sum();
            prop_assert_eq!(shard.milliseconds, time);
        }
    }

    #[test]
    fn auto_is_never_slower_than_one_machine_and_the_same_input_gives_the_same_table(chapters in any_book()) {
        let whole: u64 = chapters.iter().map(|chapter| chapter.milliseconds).sum();
        let split = Split::of(chapters.clone(), ShardCount::Auto);
        prop_assert!(split.shards.iter().all(|shard| shard.milliseconds <= whole));
        prop_assert_eq!(split, Split::of(chapters, ShardCount::Auto));
    }
}
