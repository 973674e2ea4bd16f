//! The front page of the reference.

use std::fmt::Write;

use crate::page;
use crate::spec::Spec;

const HEAD: &str = include_str!("head.md");

pub(crate) fn of(specs: &[Spec]) -> String {
    let mut text = format!("{}{}", page::MADE, HEAD.trim_end());
    for spec in specs {
        let version = spec.version;
        let _ = write!(
            text,
            "\n\n## {version}\n\n{} operations in {} groups, and [their types]({version}/types.md).",
            spec.operations.len(),
            spec.tags().len()
        );
        for (tag, operations) in spec.tags() {
            let file = format!("{version}/{}", page::file(tag));
            let about = &operations[0].tag_about;
            let _ = write!(text, "\n\n### [{tag}]({file})\n\n{about}.\n\n");
            for operation in operations {
                let _ = writeln!(
                    text,
                    "- [`{id}`]({file}#{id}) `{} {}`: {}",
                    operation.method,
                    operation.path,
                    operation.summary,
                    id = operation.id
                );
            }
            text.truncate(text.trim_end().len());
        }
    }
    text + "\n"
}
