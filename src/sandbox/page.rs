//! The pages a person sees: the login form and short notices.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// More players than this are not offered; their ids can be typed all the same.
const OFFERED: usize = 100;

const STYLE: &str = concat!(
    include_str!("look.css"),
    "\
body{max-width:24rem;margin:12vh auto}\
label,input,button{display:block;width:100%}\
input,button{padding:.6rem .8rem;margin:.3rem 0 .9rem}\
b{overflow-wrap:anywhere}"
);

/// The form that asks who logs in. It carries every parameter of the request on.
pub(super) fn login<'a>(
    client_id: &str,
    origin: &str,
    fields: &BTreeMap<String, String>,
    players: impl Iterator<Item = (&'a str, &'a str)>,
    message: &str,
) -> String {
    let mut body = format!(
        "<p><b>{}</b> wants to act for you. Afterwards you return to <b>{}</b>.</p>",
        escape(client_id),
        escape(origin)
    );
    if !message.is_empty() {
        let _ = write!(body, "<p class=\"message\" role=\"alert\">{}</p>", escape(message));
    }
    body.push_str("<form method=\"post\" action=\"/auth\">");
    let carried = |name: &str| !matches!(name, "player_id" | "refuse");
    for (name, value) in fields.iter().filter(|(name, _)| carried(name)) {
        let (name, value) = (escape(name), escape(value));
        let _ = write!(body, "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
    }
    let typed = fields.get("player_id").map(|id| escape(id)).unwrap_or_default();
    let _ = write!(
        body,
        "<label for=\"player\">Player</label>\
         <input id=\"player\" name=\"player_id\" value=\"{typed}\" list=\"players\" required \
         autofocus autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\">\
         <datalist id=\"players\">"
    );
    for (id, alias) in players.take(OFFERED) {
        let _ = write!(body, "<option value=\"{}\">{}</option>", escape(id), escape(alias));
    }
    body.push_str(
        "</datalist><button class=\"main\">Log in</button>\
         <button name=\"refuse\" value=\"1\" formnovalidate>Refuse</button></form>",
    );
    frame("Log in to the Playoff sandbox", &body)
}

pub(super) fn notice(title: &str, text: &str) -> String {
    frame(title, &format!("<p>{}</p>", escape(text)))
}

fn frame(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>"
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_becomes_markup() {
        let evil = "\"'><script>alert(1)</script>&";
        let fields = ["state", "player_id", evil].map(|name| (name.to_owned(), evil.to_owned()));
        let players = [(evil, evil)].into_iter();
        let page = login(evil, evil, &BTreeMap::from(fields), players, evil);
        assert!(!page.contains("<script"));
        assert!(!page.contains(evil));
        assert!(!notice(evil, evil).contains("<script"));
    }

    #[test]
    fn the_form_carries_every_parameter_on() {
        let fields = [("client_id", "a"), ("state", "s&t"), ("player_id", "x"), ("refuse", "1")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let page = login("a", "", &BTreeMap::from(fields), [("mira", "Mira")].into_iter(), "");
        assert!(page.contains(r#"<input type="hidden" name="client_id" value="a">"#));
        assert!(page.contains(r#"<input type="hidden" name="state" value="s&amp;t">"#));
        assert_eq!(page.matches("type=\"hidden\"").count(), 2);
        assert!(page.contains(r#"<option value="mira">Mira</option>"#));
    }
}
