//! Lays out what is written with brackets: Rust code, JSON, and what `Debug` shows.

/// What fits on a line of a page.
const WIDTH: usize = 92;

/// A list that is longer is cut to what it begins with.
const LONGEST: usize = 3;
const KEPT: usize = 2;

/// Which of the three it is.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Notation {
    Code,
    Json,
    Debug,
}

/// What stands between two commas: text and groups, in order.
type Item = Vec<Node>;

enum Node {
    Text(String),
    Group { open: char, items: Vec<Item> },
}

/// `text`, which is on one line, on as many as it needs. Lists of answers are cut, and say so.
pub(crate) fn laid_out(text: &str, notation: Notation) -> String {
    let mut item = read(text);
    if notation != Notation::Code {
        cut(&mut item, notation);
    }
    Layout { notation }.item(&item, 0, 0)
}

/// A call of `playoff` by these methods, each on its own line where one is not enough.
pub(crate) fn chain(methods: &[String]) -> String {
    let methods: Vec<Item> = methods.iter().map(|method| read(method)).collect();
    let line: String = methods.iter().map(|method| flat(method)).collect();
    let line = format!("playoff{line};");
    if width(&line) <= WIDTH {
        return line;
    }
    let layout = Layout { notation: Notation::Code };
    let lines: Vec<String> = methods.iter().map(|method| layout.item(method, 4, 4)).collect();
    format!("playoff\n    {};", lines.join("\n    "))
}

fn read(text: &str) -> Item {
    items(&mut text.chars()).into_iter().next().unwrap_or_default()
}

/// Reads up to the bracket that closes the present group, or to the end.
fn items(letters: &mut std::str::Chars<'_>) -> Vec<Item> {
    let mut items = vec![Item::new()];
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        let item = items.last_mut().expect("there is one from the start");
        match letter {
            '"' => quoted(letters, &mut text),
            '(' | '[' | '{' => {
                push(item, &mut text);
                item.push(Node::Group { open: letter, items: self::items(letters) });
            }
            ')' | ']' | '}' => break,
            ',' => {
                end(item, &mut text);
                items.push(Item::new());
            }
            // Blanks at the start of an item are the layout's, and elsewhere one is enough.
            _ if letter.is_whitespace() => {
                let starts = item.is_empty() && text.is_empty();
                if !starts && !text.ends_with(' ') {
                    text.push(' ');
                }
            }
            _ => text.push(letter),
        }
        if text.ends_with("\":") {
            text.push(' ');
        }
    }
    end(items.last_mut().expect("there is one from the start"), &mut text);
    items.retain(|item| !item.is_empty());
    items
}

/// Blanks at the end of an item are the layout's too.
fn end(item: &mut Item, text: &mut String) {
    text.truncate(text.trim_end().len());
    push(item, text);
}

fn push(item: &mut Item, text: &mut String) {
    if !text.is_empty() {
        item.push(Node::Text(std::mem::take(text)));
    }
}

fn quoted(letters: &mut std::str::Chars<'_>, text: &mut String) {
    text.push('"');
    while let Some(letter) = letters.next() {
        text.push(letter);
        match letter {
            '"' => return,
            '\\' => text.extend(letters.next()),
            _ => {}
        }
    }
}

fn cut(item: &mut Item, notation: Notation) {
    for node in item {
        let Node::Group { open, items } = node else { continue };
        if *open == '[' && items.len() > LONGEST {
            let more = format!("… {} more", items.len() - KEPT);
            items.truncate(KEPT);
            let more = if notation == Notation::Json { format!("{more:?}") } else { more };
            items.push(vec![Node::Text(more)]);
        }
        items.iter_mut().for_each(|item| cut(item, notation));
    }
}

struct Layout {
    notation: Notation,
}

impl Layout {
    /// `used` of the line is taken already, `indent` of it by blanks.
    fn item(&self, item: &[Node], indent: usize, used: usize) -> String {
        let longest = longest(item);
        // A comma may follow.
        if used + width(&flat(item)) < WIDTH || longest.is_none() {
            return flat(item);
        }
        let mut text = String::new();
        for (index, node) in item.iter().enumerate() {
            text += &match node {
                Node::Group { open, items } if Some(index) == longest => {
                    self.group(*open, items, indent, used + width(&text))
                }
                node => flat_node(node),
            };
        }
        text
    }

    fn group(&self, open: char, items: &[Item], indent: usize, used: usize) -> String {
        let close = closing(open);
        if let ('(', [item]) = (open, items) {
            return format!("{open}{}{close}", self.item(item, indent, used + 2));
        }
        let blanks = " ".repeat(indent + 4);
        let mut lines = open.to_string();
        for (index, item) in items.iter().enumerate() {
            let last = index + 1 == items.len();
            let comma = if last && self.notation == Notation::Json { "" } else { "," };
            lines += &format!("\n{blanks}{}{comma}", self.item(item, indent + 4, indent + 4));
        }
        format!("{lines}\n{}{close}", " ".repeat(indent))
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// Where the group stands that is to be broken.
fn longest(item: &[Node]) -> Option<usize> {
    let groups = item.iter().enumerate().filter_map(|(index, node)| match node {
        Node::Group { items, .. } if !items.is_empty() => Some((flat_node(node).len(), index)),
        _ => None,
    });
    groups.max().map(|(_, index)| index)
}

fn flat(item: &[Node]) -> String {
    item.iter().map(flat_node).collect()
}

fn flat_node(node: &Node) -> String {
    match node {
        Node::Text(text) => text.clone(),
        Node::Group { open, items } => {
            let items: Vec<String> = items.iter().map(|item| flat(item)).collect();
            let blank = if *open == '{' && !items.is_empty() { " " } else { "" };
            format!("{open}{blank}{}{blank}{}", items.join(", "), closing(*open))
        }
    }
}

fn closing(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_on_its_line() {
        let json = r#"{"id":"mira","teams":[],"text":"a, b (c"}"#;
        let laid = laid_out(json, Notation::Json);
        assert_eq!(laid, r#"{ "id": "mira", "teams": [], "text": "a, b (c" }"#);
        let code = "json!({\n\"a\" :  1})";
        assert_eq!(laid_out(code, Notation::Code), r#"json!({ "a" : 1 })"#);
        let value = r#"Ok(Player { id: "mira", image: None })"#;
        assert_eq!(laid_out(value, Notation::Debug), value);
    }

    #[test]
    fn what_does_not_fit_is_broken_from_outside_in() {
        let long = "long ".repeat(20);
        let json = format!(r#"{{"text":"{long}","of":{{"id":"mira"}}}}"#);
        let broken =
            format!("{{\n    \"text\": \"{long}\",\n    \"of\": {{ \"id\": \"mira\" }}\n}}");
        assert_eq!(laid_out(&json, Notation::Json), broken);
        let value = format!("Some(Text {{ text: \"{long}\", of: None }})");
        let broken = format!("Some(Text {{\n    text: \"{long}\",\n    of: None,\n}})");
        assert_eq!(laid_out(&value, Notation::Debug), broken);
    }

    #[test]
    fn a_long_list_of_an_answer_is_cut_and_says_so() {
        assert_eq!(laid_out("[1,2,3]", Notation::Json), "[1, 2, 3]");
        assert_eq!(laid_out("[1,2,3,4]", Notation::Json), r#"[1, 2, "… 2 more"]"#);
        assert_eq!(laid_out("[1, 2, 3, 4]", Notation::Debug), "[1, 2, … 2 more]");
        assert_eq!(laid_out("f([1, 2, 3, 4])", Notation::Code), "f([1, 2, 3, 4])");
    }

    #[test]
    fn a_long_call_has_a_line_for_each_method() {
        let methods = [".v2()", ".get()", ".await?"].map(str::to_owned);
        assert_eq!(chain(&methods), "playoff.v2().get().await?;");
        let long = format!(".name({:?})", "long ".repeat(18));
        let methods = [".v2()".to_owned(), long.clone(), ".await?".to_owned()];
        assert_eq!(chain(&methods), format!("playoff\n    .v2()\n    {long}\n    .await?;"));
    }
}
