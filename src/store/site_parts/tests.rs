use std::collections::BTreeMap;

use mdbook_driver::book::SectionNumber;

use super::*;

/// A book with a page too many for two groups: nested chapters, drafts, parts, and a first chapter in a folder.
fn book() -> Book {
    let mut items = vec![BookItem::PartTitle("Part".to_owned())];
    for number in (0_u32..).take(2 * GROUP + 1) {
        let path = format!("part-{}/page-{number}.md", number / 7);
        let content = format!(
            "# Page {number}\n\nWord{number} and [the next](../part-{}/page-{}.md).\n",
            (number + 1) / 7,
            number + 1
        );
        let mut page = Chapter::new(&format!("Page {number}"), content, path, vec![]);
        page.number = Some(SectionNumber::new([number]));
        if number % 3 == 0 {
            page.parent_names = vec!["Above".to_owned()];
            let mut above = Chapter::new_draft("Above", vec![]);
            above.sub_items.push(BookItem::Chapter(page));
            items.push(BookItem::Chapter(above));
        } else {
            items.extend([BookItem::Chapter(page), BookItem::Separator]);
        }
    }
    Book::new_with_items(items)
}

fn context(folder: &Path, settings: &str) -> RenderContext {
    let text = format!("[book]\ntitle = \"Long\"\n[output.html]\nprint.enable = false\n{settings}");
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("toc-more.js"), "// {{ resource \"toc.js\" }}").unwrap();
    fs::write(folder.join("src/404.md"), "# Nothing here\n").unwrap();
    let config = text.parse().unwrap();
    let mut context = RenderContext::new(folder, book(), config, folder.join("site"));
    let title = (PathBuf::from("part-0/page-3.md"), "Another title".to_owned());
    context.chapter_titles.extend([title]);
    context
}

fn files(folder: &Path, below: &Path, into: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder.join(below)).unwrap().flatten() {
        let name = below.join(entry.file_name());
        if entry.path().is_dir() {
            files(folder, &name, into);
        } else {
            let text = String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned();
            into.insert(name, text);
        }
    }
}

/// The site that mdBook's renderer makes, and the one that is made in parts; or their errors.
fn both(settings: &str) -> [std::result::Result<BTreeMap<PathBuf, String>, String>; 2] {
    [true, false].map(|whole| {
        let home = tempfile::tempdir().unwrap();
        let context = context(home.path(), settings);
        let rendered = if whole {
            HtmlHandlebars::new().render(&context)
        } else {
            render(
                context.clone(),
                &context.book,
                &home.path().join("theme"),
                &home.path().join("parts"),
            )
        };
        rendered.map_err(|error| format!("{error:#}"))?;
        let mut found = BTreeMap::new();
        files(&context.destination, Path::new(""), &mut found);
        Ok(found)
    })
}

#[test]
fn a_site_made_in_parts_is_the_one_that_mdbook_makes() {
    for settings in [
        "additional-js = [\"toc-more.js\"]\n",
        "hash-files = false\n",
        "[output.html.redirect]\n\"/old.html\" = \"new.html\"\n\"/old.html#a\" = \"other.html\"\n\"/part-2/page-15.html#gone\" = \"x.html\"\n\"/index.html#gone\" = \"y.html\"\n\"deep/old.html\" = \"z.html\"\n",
        "[output.html.search.chapter]\n\"part-1\" = { enable = false }\n",
        "[output.html.search]\nenable = false\n",
    ] {
        let [whole, parts] = both(settings).map(|site| site.expect("a site"));
        let names = |site: &BTreeMap<PathBuf, String>| site.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&whole), names(&parts), "{settings}");
        for (name, text) in &whole {
            assert_eq!(text, &parts[name], "{}: {settings}", name.display());
        }
    }
}

#[test]
fn an_error_of_mdbook_is_the_same_in_parts() {
    for (settings, why) in [
        (
            "[output.html.redirect]\n\"/part-0/page-0.html\" = \"x.html\"\n",
            "existing chapter at `/part-0/page-0.html`",
        ),
        (
            "[output.html.redirect]\n\"/part-2/page-20.html\" = \"x.html\"\n",
            "existing chapter at `/part-2/page-20.html`",
        ),
        (
            "[output.html.redirect]\n\"/none.html#a\" = \"x.html\"\n",
            "`none.html` only has source paths",
        ),
        ("[output.html.search.chapter]\nnone = { enable = false }\n", "key `none` does not match"),
    ] {
        let [whole, parts] = both(settings).map(|site| site.expect_err("an error"));
        assert!(whole.contains(why), "{whole}");
        assert_eq!(whole, parts);
    }
}
