//! Metrics in the form that a scraper asks for.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::routes::Door;

const OPEN: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `GET /metrics`: OpenMetrics for who names it, Prometheus's older text form for all others.
pub(crate) async fn metrics(State(door): State<Door>, headers: HeaderMap) -> Response {
    let text = door.server.metrics_text();
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|v| v.to_str().ok());
    let (kind, text) = match accepts.into_iter().any(|v| v.contains("application/openmetrics-text")) {
        true => (OPEN, text),
        false => (PLAIN, plain(&text)),
    };
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], text).into_response()
}

/// OpenMetrics as version 0.0.4 has it: a counter is described under the name that its samples have, and there are no units and no end.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 256);
    let mut help: Option<&str> = None;
    for line in text.lines() {
        if line.starts_with("# HELP ") {
            help = Some(line);
            continue;
        }
        match line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' ')) {
            Some((name, kind)) => describe(&mut out, name, kind, help.take()),
            None if line.starts_with("# UNIT ") || line == "# EOF" => {}
            None => push(&mut out, &[line]),
        }
    }
    out
}

fn describe(out: &mut String, name: &str, kind: &str, help: Option<&str>) {
    let (suffix, kind) = match kind {
        "counter" => ("_total", "counter"),
        "info" => ("_info", "gauge"),
        "unknown" => ("", "untyped"),
        kind => ("", kind),
    };
    let text = help.and_then(|line| line.strip_prefix("# HELP ")?.strip_prefix(name));
    if let Some(text) = text {
        push(out, &["# HELP ", name, suffix, text]);
    }
    push(out, &["# TYPE ", name, suffix, " ", kind]);
}

fn push(out: &mut String, parts: &[&str]) {
    out.extend(parts.iter().copied());
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_described_under_the_name_of_their_samples() {
        let open = "# HELP a_b Things.\n# TYPE a_b counter\na_b_total{m=\"x\"} 1\n# HELP t_seconds Time.\n# TYPE t_seconds histogram\n\
                    # UNIT t_seconds seconds\nt_seconds_sum 0.5\n# EOF\n";
        let expected = "# HELP a_b_total Things.\n# TYPE a_b_total counter\na_b_total{m=\"x\"} 1\n# HELP t_seconds Time.\n\
                        # TYPE t_seconds histogram\nt_seconds_sum 0.5\n";
        assert_eq!(plain(open), expected);
    }
}
