//! A series as a picture: one panel for each column over a common axis, with marks where replicas change, and a table.

use minijinja::context;

use super::html::{html, render, text};
use super::series::Series;

const WIDTH: f64 = 720.0;
const LEFT: f64 = 88.0;
const RIGHT: f64 = 12.0;
const PANEL: f64 = 74.0;
const GAP: f64 = 20.0;
/// The most rows of the table. A longer table shows every n-th row.
const MOST_ROWS: usize = 60;

/// The figure.
#[expect(clippy::too_many_lines, reason = "one picture, drawn from top to bottom")]
pub(super) fn plot(name: &str, series: &Series, id: &str) -> String {
    let scalings = series.scalings();
    let (from, to) = bounds(series, 0);
    let x = |value: f64| {
        LEFT + (value - from) / (to - from).max(f64::MIN_POSITIVE) * (WIDTH - LEFT - RIGHT)
    };
    let panels = series.names.len() - 1;
    let height = panels as f64 * (PANEL + GAP) + 34.0;
    let mut svg = format!(
        "<svg class=\"g-plot\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-labelledby=\"plot-{id}\"><title id=\"plot-{id}\">{}</title>",
        text(&summary(name, series, &scalings))
    );
    for panel in 0..panels {
        svg.push_str(&draw_panel(series, panel + 1, 18.0 + panel as f64 * (PANEL + GAP), &x));
    }
    let bottom = height - 34.0;
    for (at, before, after) in &scalings {
        let place = x(*at);
        svg.push_str(&format!(
            "<line class=\"g-moment\" x1=\"{place:.1}\" x2=\"{place:.1}\" y1=\"14\" y2=\"{bottom:.1}\"></line>"
        ));
        svg.push_str(&format!(
            "<text class=\"g-moment-text\" x=\"{place:.1}\" y=\"11\" text-anchor=\"middle\">{}→{}</text>",
            number(*before),
            number(*after)
        ));
    }
    for step in 0..=4 {
        let value = from + (to - from) * f64::from(step) / 4.0;
        svg.push_str(&format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            x(value),
            bottom + 14.0,
            number(value.round())
        ));
    }
    svg.push_str(&format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text></svg>",
        f64::midpoint(LEFT, WIDTH),
        height - 3.0,
        text(&series.names[0])
    ));
    let every = series.rows.len().div_ceil(MOST_ROWS);
    let thinned = if every > 1 {
        format!(", every {every}. row of {}", series.rows.len())
    } else {
        String::new()
    };
    let cells = |row: &Vec<Option<f64>>| -> Vec<String> {
        row.iter().map(|value| value.map_or(String::new(), number)).collect()
    };
    render(
        "pictures",
        context! {
            svg => html(svg),
            label => format!("Plot of {name}"),
            table => format!("The numbers of {name}{thinned}"),
            table_label => format!("Numbers of {name}"),
            columns => series.names.clone(),
            rows => series.rows.iter().step_by(every.max(1)).map(cells).collect::<Vec<_>>(),
        },
    )
}

/// The description of the picture for readers who do not see it.
fn summary(name: &str, series: &Series, scalings: &[(f64, f64, f64)]) -> String {
    let columns: Vec<String> = (1..series.names.len())
        .map(|column| {
            let (low, high) = bounds(series, column);
            format!("{} from {} to {}", series.names[column], number(low), number(high))
        })
        .collect();
    let moments: Vec<String> = scalings
        .iter()
        .map(|(at, before, after)| {
            format!("{} to {} at {}", number(*before), number(*after), number(*at))
        })
        .collect();
    let scaled = if moments.is_empty() {
        String::new()
    } else {
        format!("; replicas went {}", moments.join(", "))
    };
    format!("Series {name}: {}{scaled}", columns.join(", "))
}

fn draw_panel(series: &Series, column: usize, top: f64, x: &dyn Fn(f64) -> f64) -> String {
    let (_, high) = bounds(series, column);
    let high = if high > 0.0 { high } else { 1.0 };
    let y = |value: f64| top + PANEL - value.max(0.0) / high * PANEL;
    let right = WIDTH - RIGHT;
    let mut svg = format!(
        "<rect class=\"g-frame\" x=\"{LEFT}\" y=\"{top}\" width=\"{:.1}\" height=\"{PANEL}\"></rect>",
        right - LEFT
    );
    svg.push_str(&format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
        LEFT - 6.0,
        top + 10.0,
        number(high)
    ));
    svg.push_str(&format!(
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">0</text>",
        LEFT - 6.0,
        top + PANEL
    ));
    svg.push_str(&format!(
        "<text class=\"g-axis\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
        LEFT - 6.0,
        top + PANEL / 2.0 + 4.0,
        text(&series.names[column])
    ));
    // A count changes in steps; a measurement also has values in between.
    let steps = series
        .rows
        .iter()
        .filter_map(|row| row[column])
        .all(|value| value.fract() == 0.0 && high <= 30.0);
    let mut path = String::new();
    let mut last: Option<f64> = None;
    for row in &series.rows {
        let (Some(at), Some(value)) = (row[0], row[column]) else {
            last = None;
            continue;
        };
        match last {
            None => path.push_str(&format!("M{:.1} {:.1}", x(at), y(value))),
            Some(_) if steps => path.push_str(&format!("H{:.1}V{:.1}", x(at), y(value))),
            Some(_) => path.push_str(&format!("L{:.1} {:.1}", x(at), y(value))),
        }
        last = Some(value);
    }
    svg.push_str(&format!("<path class=\"g-line g-line-{}\" d=\"{path}\"></path>", column % 4));
    svg
}

fn bounds(series: &Series, column: usize) -> (f64, f64) {
    let values = series.rows.iter().filter_map(|row| row[column]);
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if low.is_finite() { (low, high) } else { (0.0, 1.0) }
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_has_a_line_for_each_column_marks_of_scaling_and_a_table() {
        let series =
            Series::read("seconds,replicas,cpu\n0,1,\n3,1,210\n6,4,190.5\n9,4,80\n").unwrap();
        let html = plot("hpa", &series, "x");
        assert_eq!((html.matches("<path").count(), html.matches("g-moment\"").count()), (2, 1));
        assert!(
            html.contains("replicas went 1 to 4 at 6")
                && html.contains("1→4")
                && html.contains("<td>190.5</td>")
        );
        assert!(!html.contains('\n'));
    }

    #[test]
    fn a_constant_series_is_drawn() {
        let series = Series::read("t,x\n5,0\n5,0\n").unwrap();
        assert!(!plot("still", &series, "x").contains("NaN"));
    }
}
