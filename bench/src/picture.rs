//! The ratios as bars, in SVG.

use std::fmt::Write as _;

use crate::report::{Row, ratio};
use crate::servers::Server;

const LEFT: f64 = 260.0;
const WIDTH: f64 = 560.0;
const TOP: f64 = 60.0;
const BAR: f64 = 9.0;
const GAP: f64 = 10.0;
/// The scale is logarithmic, from the floor to a multiple that nobody reaches.
const LAST: f64 = 64.0;

/// Draws a bar for each server that is no floor, under the name of its scenario.
pub(crate) fn ratios(rows: &[Row]) -> String {
    let mut body = String::new();
    let mut y = TOP;
    let mut scenario = "";
    for row in rows.iter().filter(|row| !row.server.is_floor()) {
        let Some(ratio) = ratio(rows, row) else {
            continue;
        };
        if row.scenario.name != scenario {
            scenario = row.scenario.name;
            y += GAP;
            let baseline = y + BAR - 1.0;
            let name = format!("<text x=\"{}\" y=\"{baseline}\"", LEFT - 8.0);
            element(
                &mut body,
                &format!("{name} text-anchor=\"end\">{scenario}</text>"),
            );
        }
        bar(&mut body, y, row.server, ratio);
        y += BAR;
    }
    let bottom = y + GAP;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" \
         font-family=\"sans-serif\" font-size=\"10\">\n",
        LEFT + WIDTH + 50.0,
        bottom + GAP,
    );
    element(
        &mut out,
        "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>",
    );
    element(
        &mut out,
        "<text x=\"10\" y=\"20\" font-size=\"13\">CPU time of the server for each message, \
         as a multiple of what the least possible server takes</text>",
    );
    legend(&mut out);
    scale(&mut out, bottom);
    out + &body + "</svg>\n"
}

fn bar(out: &mut String, y: f64, server: Server, ratio: f64) {
    let (end, color) = (place(ratio), color(server));
    let (width, height) = ((end - LEFT).max(1.0), BAR - 1.0);
    element(
        out,
        &format!(
            "<rect x=\"{LEFT}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height}\" fill=\"{color}\"/>"
        ),
    );
    let (x, baseline) = (end.max(LEFT) + 4.0, y + BAR - 1.0);
    element(
        out,
        &format!("<text x=\"{x:.1}\" y=\"{baseline:.1}\" font-size=\"9\">{ratio:.2}</text>"),
    );
}

fn legend(out: &mut String) {
    let servers = [Server::Ours, Server::Socketioxide, Server::Node];
    for (server, x) in servers.into_iter().zip([0.0, 80.0, 190.0]) {
        let (x, color) = (LEFT + x, color(server));
        element(
            out,
            &format!("<rect x=\"{x}\" y=\"30\" width=\"10\" height=\"10\" fill=\"{color}\"/>"),
        );
        let (x, name) = (x + 14.0, server.name());
        element(out, &format!("<text x=\"{x}\" y=\"39\">{name}</text>"));
    }
}

fn scale(out: &mut String, bottom: f64) {
    for multiple in [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, LAST] {
        let (x, top) = (place(multiple), TOP);
        element(
            out,
            &format!("<path d=\"M{x:.1} {top}V{bottom:.1}\" stroke=\"#ccc\"/>"),
        );
        let y = TOP - 4.0;
        element(
            out,
            &format!("<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{multiple}</text>"),
        );
    }
}

/// Where a ratio is on the scale. What is below the floor is at its start.
fn place(ratio: f64) -> f64 {
    LEFT + WIDTH * (ratio.clamp(1.0, LAST).ln() / LAST.ln())
}

fn color(server: Server) -> &'static str {
    match server {
        Server::Socketioxide => "#e08a3c",
        Server::Node => "#9aa0a6",
        Server::FloorHyper | Server::FloorTcp | Server::Ours => "#2f6fb5",
    }
}

fn element(out: &mut String, element: &str) {
    writeln!(out, "{element}").expect("a string takes all that is written");
}
