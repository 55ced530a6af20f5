//! Tables, and the few values that need a form of their own.

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;
use x509_parser::time::ASN1Time;

/// A table without lines: every column can be copied and cut. Control characters do not reach the terminal.
pub(crate) fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(header);
    for row in rows {
        table.add_row(row.iter().map(|cell| clean(cell)));
    }
    let unpadded = |line: String| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned();
    table.lines().map(unpadded).collect::<Vec<_>>().join("\n")
}

/// Text from elsewhere (a certificate, a device) as it may be printed.
pub(crate) fn clean(text: &str) -> String {
    // Those that change the direction of writing (Unicode's Bidi_Control) make text look like another.
    let hidden = |letter| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|letter| if letter.is_control() || hidden(letter) { '\u{fffd}' } else { letter }).collect()
}

/// The same for text of several lines. What a server's certificate says of itself stands in messages too: whoever
/// intercepts must not paint over the verdict on him.
pub(crate) fn clean_lines(text: &str) -> String {
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n")
}

/// Unix seconds as people read them, in UTC.
pub(crate) fn date(unix: i64) -> String {
    let Ok(time) = ASN1Time::from_timestamp(unix) else { return unix.to_string() };
    let time = time.to_datetime();
    let (hour, minute, second) = time.to_hms();
    format!("{} {hour:02}:{minute:02}:{second:02}Z", time.date())
}

/// A JSON value as a cell.
pub(crate) fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".into(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(list)) => list.iter().map(|item| cell(Some(item))).collect::<Vec<_>>().join(" "),
        Some(other) => other.to_string(),
    }
}

/// A JSON list as a table: each column is a title and a path of members (`app.id`); paths that end in `time` or `_at`
/// are dates.
pub(crate) fn list(rows: &Value, columns: &[(&str, &str)]) -> String {
    let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
    if rows.is_empty() {
        return "none".into();
    }
    let header: Vec<&str> = columns.iter().map(|(title, _)| *title).collect();
    table(&header, rows.iter().map(|row| columns.iter().map(|(_, path)| at(row, path)).collect()))
}

fn at(row: &Value, path: &str) -> String {
    let value = row.pointer(&format!("/{}", path.replace('.', "/")));
    match value.and_then(Value::as_i64) {
        Some(time) if path.ends_with("time") || path.ends_with("_at") => date(time),
        _ => cell(value),
    }
}
