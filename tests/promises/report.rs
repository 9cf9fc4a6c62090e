//! `report.html` as a person sees it: in a browser, wide and narrow, with names that nobody would wish for.

mod browser;
mod samples;

use browser::look;
use samples::all;
use twinwright::report::page;

/// What is wrong with the pages, in words; nothing if all is well.
pub(crate) fn complaints(pages: &[(String, String)], plots: impl Fn(&str) -> usize) -> Vec<String> {
    let mut complaints = Vec::new();
    for seen in look(pages, &[1280, 390]) {
        let name = format!("{} at {} px", seen.page, seen.width);
        complaints.extend(seen.findings.iter().map(|finding| format!("{name}: {finding}")));
        if seen.plots < plots(&seen.page) {
            complaints.push(format!("{name}: {} plots, expected at least {}", seen.plots, plots(&seen.page)));
        }
    }
    complaints
}

#[test]
fn every_plot_has_marks_axes_and_labels_apart_and_no_text_is_cut() {
    let samples = all();
    let pages: Vec<(String, String)> =
        samples.iter().map(|sample| (sample.name.to_owned(), page(&sample.data))).collect();
    let plots = |name: &str| samples.iter().find(|sample| sample.name == name).map_or(0, |sample| sample.plots);
    let complaints = complaints(&pages, plots);
    assert!(complaints.is_empty(), "{} complaints\n  {}", complaints.len(), complaints.join("\n  "));
}

#[test]
fn the_browser_sees_what_is_wrong_with_a_page() {
    let svg = |inside: &str| format!("<svg class=\"plot\" viewBox=\"0 0 200 100\" width=\"200\">{inside}</svg>");
    let text = |x: u32, text: &str| format!("<text class=\"axis\" x=\"{x}\" y=\"50\" font-size=\"11\">{text}</text>");
    let axis = "<line class=\"base\" x1=\"0\" y1=\"90\" x2=\"200\" y2=\"90\" stroke=\"red\"/>";
    let mark = "<rect class=\"bar\" x=\"5\" y=\"5\" width=\"9\" height=\"9\"/>";
    let fine = svg(&format!("{axis}{mark}{}{}", text(10, "one"), text(100, "two")));
    let page = |body: &str| format!("<!doctype html><html><body style=\"margin:0\">{body}</body></html>");
    let cases = [
        (fine.clone(), ""),
        (svg(&format!("{axis}{}{}", text(10, "one"), text(100, "two"))), "marks"),
        (svg(&format!("{mark}{}{}", text(10, "one"), text(100, "two"))), "axes"),
        (svg(&format!("{axis}{mark}")), "labels"),
        (svg(&format!("{axis}{mark}{}{}", text(10, "one"), text(14, "two"))), "overlap"),
        (svg(&format!("{axis}{mark}{}{}", text(10, "one"), text(190, "twenty"))), "outside"),
        (format!("{fine}<p style=\"width:50px;overflow:hidden;white-space:nowrap\">cut off at its end</p>"), "cut"),
        (format!("{fine}<div style=\"width:2000px\">wide</div>"), "sideways"),
    ];
    let pages: Vec<(String, String)> =
        cases.iter().enumerate().map(|(at, (body, _))| (at.to_string(), page(body))).collect();
    for seen in look(&pages, &[600]) {
        let expected = cases[seen.page.parse::<usize>().expect("pages are numbered")].1;
        let found = seen.findings.join("; ");
        assert_eq!(found.is_empty(), expected.is_empty(), "{found} for {expected}");
        assert!(found.contains(expected), "{found} for {expected}");
        assert_eq!(seen.plots, 1);
    }
}

#[test]
fn a_page_is_the_same_bytes_twice_and_well_formed() {
    for sample in all() {
        let html = page(&sample.data);
        assert!(html == page(&sample.data), "{}", sample.name);
        assert!(html.len() < 3_000_000, "{}: {} bytes", sample.name, html.len());
        let mut open: Vec<&str> = Vec::new();
        for tag in tags(&html) {
            let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap_or_default();
            let void = ["meta", "!doctype", "br"].contains(&name) || tag.ends_with('/');
            match tag.starts_with('/') {
                true => assert_eq!(open.pop(), Some(name), "{}: </{name}> closes what is not open", sample.name),
                false if !void => open.push(name),
                false => {}
            }
        }
        assert!(open.is_empty(), "{}: {open:?} stay open", sample.name);
    }
}

/// What stands between `<` and `>`; text and attributes must have neither.
fn tags(html: &str) -> Vec<&str> {
    let style = html.find("<style>").map_or(0, |at| at + 7);
    let end = html.find("</style>").unwrap_or(style);
    let mut tags = Vec::new();
    for part in [&html[..style], &html[end..]] {
        for piece in part.split('<').skip(1) {
            let (tag, text) = piece.split_once('>').unwrap_or_else(|| panic!("`<` without `>`: {piece}"));
            assert!(!text.contains('>'), "`>` in a text: {text}");
            tags.push(tag);
        }
    }
    tags
}

#[test]
fn a_name_from_a_file_is_a_text_and_nothing_else() {
    let hostile = all().into_iter().find(|sample| sample.name == "hostile").expect("there is one");
    let html = page(&hostile.data);
    assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("javascript:alert(1)\""));
    assert!(html.contains("&lt;script&gt;"), "it is shown, as text");
    assert!(!html.contains('\u{202e}'), "a name cannot turn the text around it");
    for tag in tags(&html) {
        let scripted = [" onload=", " onclick=", " onerror=", " onmouseover="].iter().any(|word| tag.contains(word));
        let outside_quotes: String = tag.split('"').step_by(2).collect();
        assert!(!scripted || !outside_quotes.contains(" on"), "a handler in <{tag}>");
    }
}
