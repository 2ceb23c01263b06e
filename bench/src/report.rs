//! The table: medians of all rounds, and their ratios to the floor.

use std::fmt::Write as _;

use crate::scenario::{Sample, Scenario};
use crate::servers::Server;

/// All samples of one scenario with one server.
pub(crate) struct Row {
    pub(crate) scenario: Scenario,
    pub(crate) server: Server,
    pub(crate) samples: Vec<Sample>,
}

/// Writes the table in Markdown.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut out = String::from(
        "| scenario | server | CPU, µs each | ratio | per second | p50 | p99 | p99.9, µs | memory, KiB |\n\
         |---|---|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for row in rows {
        let cost = median(row, Sample::cost);
        let floor = rows.iter().find(|floor| {
            floor.scenario.name == row.scenario.name && floor.server == row.scenario.floor()
        });
        let ratio = floor.map(|floor| cost / median(floor, Sample::cost));
        let latency = |share| {
            let times = row
                .samples
                .iter()
                .filter_map(|sample| sample.latency(share));
            middle(times.map(f64::from).collect())
        };
        let memory = row.samples.iter().filter_map(|sample| sample.memory);
        let memory = middle(memory.map(|bytes| bytes as f64 / 1024.0).collect());
        writeln!(
            out,
            "| {} | {} | {cost:.2} | {} | {:.0} | {} | {} | {} | {} |",
            row.scenario.name,
            row.server.name(),
            cell(ratio, 2),
            median(row, Sample::rate),
            cell(latency(0.5), 0),
            cell(latency(0.99), 0),
            cell(latency(0.999), 0),
            cell(memory, 1),
        )
        .expect("a string takes all that is written");
    }
    out
}

fn cell(value: Option<f64>, digits: usize) -> String {
    value.map_or(String::new(), |value| format!("{value:.digits$}"))
}

fn median(row: &Row, value: fn(&Sample) -> f64) -> f64 {
    middle(row.samples.iter().map(value).collect()).unwrap_or(f64::NAN)
}

fn middle(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => None,
        length if length % 2 == 1 => Some(values[half]),
        _ => Some(f64::midpoint(values[half - 1], values[half])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_values_is_their_median() {
        assert_eq!(middle(vec![]), None);
        assert_eq!(middle(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(middle(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }
}
