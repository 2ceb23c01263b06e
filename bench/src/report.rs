//! The tables: medians of all rounds, and their ratios to the floor.

use std::fmt::Write as _;

use crate::scenario::{Sample, Scenario};
use crate::servers::Server;

/// All samples of one scenario with one server, one for each round.
pub(crate) struct Row {
    pub(crate) scenario: Scenario,
    pub(crate) server: Server,
    pub(crate) samples: Vec<Sample>,
}

/// Writes the tables in Markdown.
pub(crate) fn figures(rows: &[Row]) -> String {
    [ratios(rows), details(rows), memory(rows)].join("\n")
}

/// A line for each scenario: the CPU time that the floor takes, and how many times
/// as much the others take.
fn ratios(rows: &[Row]) -> String {
    let servers = [Server::Ours, Server::Socketioxide, Server::Node];
    let names = servers.map(Server::name).join(" | ");
    let mut out = format!(
        "| scenario | floor, µs CPU each | {names} | ours at most |\n\
         |---|---:|---:|---:|---:|---:|\n"
    );
    let floors = rows.iter().filter(|row| row.server.is_floor());
    for floor in floors {
        let cells = servers.map(|server| {
            let row = row_of(rows, floor.scenario, server);
            cell(row.and_then(|row| ratio(rows, row)), 2)
        });
        line(
            &mut out,
            format_args!(
                "{} | {:.2} | {} | {}",
                floor.scenario.name,
                floor.median(Sample::cost),
                cells.join(" | "),
                cell(floor.scenario.at_most, 2),
            ),
        );
    }
    out
}

fn details(rows: &[Row]) -> String {
    let mut out = String::from(
        "| scenario, server | CPU, µs each | per second | p50, µs | p99 | p99.9 | out of order, % |\n\
         |---|---:|---:|---:|---:|---:|---:|\n",
    );
    for row in rows {
        let latencies = [0.5, 0.99, 0.999].map(|share| {
            let times = row.samples.iter();
            let times = times.filter_map(|sample| sample.latency(share));
            cell(middle(times.map(f64::from).collect()), 0)
        });
        let late = row.median(Sample::late) * 100.0;
        line(
            &mut out,
            format_args!(
                "{}, {} | {:.2} | {:.0} | {} | {}",
                row.scenario.name,
                row.server.name(),
                row.median(Sample::cost),
                row.median(Sample::rate),
                latencies.join(" | "),
                cell((late > 0.0).then_some(late), 2),
            ),
        );
    }
    out
}

fn memory(rows: &[Row]) -> String {
    let mut out = String::from(
        "| memory in KiB | before | at most | after | each connection |\n\
         |---|---:|---:|---:|---:|\n",
    );
    for row in rows {
        let samples = row.samples.iter().filter_map(|sample| sample.memory);
        let samples: Vec<_> = samples.collect();
        if samples.is_empty() {
            continue;
        }
        let kib = |bytes: Vec<f64>| middle(bytes).map(|bytes| bytes / 1024.0);
        let all = [
            samples.iter().map(|memory| memory.before as f64).collect(),
            samples.iter().map(|memory| memory.most as f64).collect(),
            samples.iter().map(|memory| memory.after as f64).collect(),
        ];
        let each = samples.iter().filter_map(|memory| memory.each()).collect();
        line(
            &mut out,
            format_args!(
                "{}, {} | {} | {}",
                row.scenario.name,
                row.server.name(),
                all.map(|values| cell(kib(values), 0)).join(" | "),
                cell(kib(each), 2),
            ),
        );
    }
    out
}

fn line(out: &mut String, cells: std::fmt::Arguments<'_>) {
    writeln!(out, "| {cells} |").expect("a string takes all that is written");
}

fn cell(value: Option<f64>, digits: usize) -> String {
    value.map_or(String::new(), |value| format!("{value:.digits$}"))
}

/// What the server costs for each microsecond of the floor, in the median of the
/// rounds.
pub(crate) fn ratio(rows: &[Row], row: &Row) -> Option<f64> {
    let floor = row_of(rows, row.scenario, row.scenario.floor())?;
    let rounds = row.samples.iter().zip(&floor.samples);
    middle(
        rounds
            .map(|(own, floor)| own.cost() / floor.cost())
            .collect(),
    )
}

fn row_of(rows: &[Row], scenario: Scenario, server: Server) -> Option<&Row> {
    rows.iter()
        .find(|row| row.scenario.name == scenario.name && row.server == server)
}

impl Row {
    fn median(&self, value: fn(&Sample) -> f64) -> f64 {
        middle(self.samples.iter().map(value).collect()).unwrap_or(f64::NAN)
    }
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
