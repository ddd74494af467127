//! Plain tables for the terminal: the first column to the left, numbers to the right.

/// Rows under a header, columns as wide as their widest cell (in characters).
pub fn render(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = header.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut out = String::from(" ");
        for (i, (cell, width)) in cells.zip(&widths).enumerate() {
            let pad = " ".repeat(width.saturating_sub(cell.chars().count()));
            out.push(' ');
            if i == 0 {
                out.push_str(cell);
                out.push_str(&pad);
            } else {
                out.push_str(&pad);
                out.push_str(cell);
            }
            out.push(' ');
        }
        out.trim_end().to_owned()
    };
    let mut out = line(&mut header.iter().copied());
    out.push('\n');
    out.push_str(&format!("  {}\n", "─".repeat(widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1))));
    for row in rows {
        out.push_str(&line(&mut row.iter().map(String::as_str)));
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let table =
            super::render(&["who", "earned"], &[vec!["Lincoln".into(), "1".into()], vec!["X".into(), "1,000".into()]]);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[0], "  who      earned");
        assert_eq!(lines[2], "  Lincoln       1");
        assert_eq!(lines[3], "  X         1,000");
    }
}
