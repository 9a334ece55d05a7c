//! The output of a `sample=` step: CSV with a header, whose first column is the axis.

/// A table of numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    /// Names of the columns.
    pub names: Vec<String>,
    /// The rows; `None` for a field that is not a number.
    pub rows: Vec<Vec<Option<f64>>>,
}

impl Series {
    /// Reads an output; `None` if it has no header with at least two names, or fewer than two rows.
    pub(super) fn read(output: &str) -> Option<Self> {
        let mut lines = output.lines().map(str::trim);
        let header = lines.by_ref().find(|line| {
            line.contains(',') && line.split(',').all(|name| name.trim().parse::<f64>().is_err())
        })?;
        let names: Vec<String> = header.split(',').map(|name| name.trim().to_owned()).collect();
        let row = |line: &str| {
            let fields: Vec<Option<f64>> = line
                .split(',')
                .map(|field| field.trim().parse().ok().filter(|n: &f64| n.is_finite()))
                .collect();
            (fields.len() == names.len() && fields[0].is_some()).then_some(fields)
        };
        let rows: Vec<_> = lines.filter_map(row).collect();
        (rows.len() >= 2).then_some(Self { names, rows })
    }

    /// The changes of the number of replicas: (value of the first column, before, after).
    pub(super) fn scalings(&self) -> Vec<(f64, f64, f64)> {
        let Some(column) = ["replicas", "desired"]
            .iter()
            .find_map(|name| self.names.iter().position(|own| own == name))
        else {
            return Vec::new();
        };
        let known: Vec<(f64, f64)> =
            self.rows.iter().filter_map(|row| Some((row[0]?, row[column]?))).collect();
        let pairs = known.iter().zip(known.iter().skip(1));
        pairs
            .filter(|((_, a), (_, b))| (a - b).abs() > f64::EPSILON)
            .map(|((_, a), (at, b))| (*at, *a, *b))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOAD: &str = "seconds,replicas,cpu\n0,1,\n3,1,210\nwaiting\n6,4,190\n9,4,80\n";

    #[test]
    fn rows_are_read_and_empty_fields_have_no_value() {
        let series = Series::read(LOAD).unwrap();
        assert_eq!((series.names.len(), series.rows.len()), (3, 4));
        assert_eq!(series.rows[0], [Some(0.0), Some(1.0), None]);
        assert_eq!(series.scalings(), [(6.0, 1.0, 4.0)]);
    }

    #[test]
    fn an_output_without_a_table_is_not_a_series() {
        assert_eq!(Series::read("hello\n"), None);
        assert_eq!(Series::read("a,b\n1,2\n"), None);
    }
}
