//! The loss curve as JSON and as a picture.

use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// The loss of one step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub step: usize,
    pub epoch: usize,
    /// Mean loss of the step's tokens, before the step.
    pub loss: f64,
    pub learning_rate: f32,
    /// Length of the gradient before it was clipped.
    pub gradient_norm: f64,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 320.0;
const MARGIN: f64 = 44.0;

/// An SVG: each step's loss as a thin line, each epoch's mean as a thick one.
pub fn svg(title: &str, points: &[Point]) -> String {
    let top = points.iter().map(|p| p.loss).fold(0.0, f64::max).max(1e-9) * 1.05;
    let last = points.last().map_or(1, |p| p.step.max(1)) as f64;
    let x = |step: f64| MARGIN + step / last * (WIDTH - 2.0 * MARGIN);
    let y = |loss: f64| HEIGHT - MARGIN - loss / top * (HEIGHT - 2.0 * MARGIN);
    let line = |points: &[(f64, f64)]| {
        points.iter().fold(String::new(), |mut path, (step, loss)| {
            let _ = write!(path, "{:.1},{:.1} ", x(*step), y(*loss));
            path
        })
    };
    let steps: Vec<(f64, f64)> = points.iter().map(|p| (p.step as f64, p.loss)).collect();
    let epochs = points.last().map_or(0, |p| p.epoch + 1);
    let means: Vec<(f64, f64)> = (0..epochs)
        .filter_map(|e| {
            let of: Vec<&Point> = points.iter().filter(|p| p.epoch == e).collect();
            let n = of.len() as f64;
            (n > 0.0).then(|| {
                (of.iter().map(|p| p.step as f64).sum::<f64>() / n, of.iter().map(|p| p.loss).sum::<f64>() / n)
            })
        })
        .collect();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
         <text x=\"{MARGIN}\" y=\"24\" font-size=\"14\">{}</text>\n",
        escape(title)
    );
    for i in 0..=4 {
        let loss = top * f64::from(i) / 4.0;
        let _ = writeln!(
            svg,
            "<line x1=\"{MARGIN}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>\
             <text x=\"8\" y=\"{:.1}\">{loss:.2}</text>",
            WIDTH - MARGIN,
            y(loss) + 4.0,
            y = y(loss)
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">step {last}</text>",
        WIDTH - MARGIN,
        HEIGHT - MARGIN + 18.0
    );
    for (points, colour, width) in [(&steps, "#9ab", 1), (&means, "#036", 3)] {
        let _ = writeln!(
            svg,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" points=\"{}\"/>",
            line(points).trim_end()
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
