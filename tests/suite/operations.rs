//! The public list of operations and types, read from the code that the build wrote.
//!
//! A changed spec shows here as a diff to be reviewed (`cargo insta review`).

use std::collections::BTreeMap;
use std::fmt::Write;

use quote::ToTokens;
use syn::{FnArg, ImplItem, Item, ReturnType, Visibility};

const HALVES: [(&str, &str); 2] = [
    ("v1", include_str!(concat!(env!("OUT_DIR"), "/v1.rs"))),
    ("v2", include_str!(concat!(env!("OUT_DIR"), "/v2.rs"))),
];

#[test]
fn the_list_of_operations_is_the_one_reviewed() {
    for (version, code) in HALVES {
        insta::assert_snapshot!(version, operations(code));
    }
}

#[test]
fn the_list_of_types_and_their_fields_is_the_one_reviewed() {
    for (version, code) in HALVES {
        insta::assert_snapshot!(format!("types_{version}"), types(code));
    }
}

#[test]
fn every_route_of_the_catalogue_has_a_typed_call() {
    for (version, code) in HALVES {
        let listed = operations(code);
        for route in playoff::routes::all().filter(|route| route.version.as_str() == version) {
            assert!(listed.contains(&format!("\n{} ->", route.operation)), "{}", route.operation);
        }
    }
}

/// One block a type: its fields, each with its type, or its variants.
fn types(code: &str) -> String {
    let file = syn::parse_file(code).expect("the generated code parses");
    let types = file.items.iter().find_map(|item| match item {
        Item::Mod(module) if module.ident == "types" => module.content.as_ref(),
        _ => None,
    });
    let (_, items) = types.expect("the types have a module");
    let mut list = String::from("\n");
    for item in items {
        match item {
            Item::Struct(item) => {
                let _ = writeln!(list, "{}", item.ident);
                for field in
                    item.fields.iter().filter(|field| matches!(field.vis, Visibility::Public(_)))
                {
                    let name = field.ident.as_ref().expect("fields have names");
                    let kind = plain(&field.ty.to_token_stream().to_string());
                    let _ = writeln!(list, "    {name}: {kind}");
                }
            }
            Item::Enum(item) => {
                let _ = writeln!(list, "{}", item.ident);
                for variant in &item.variants {
                    let _ = writeln!(
                        list,
                        "    {}{}",
                        variant.ident,
                        plain(&variant.fields.to_token_stream().to_string())
                    );
                }
            }
            // What all of them have.
            Item::Impl(_) => {}
            Item::Mod(module) if ["builder", "error"].iter().any(|name| module.ident == name) => {}
            other => panic!("a type of another kind: {}", other.to_token_stream()),
        }
    }
    list
}

/// One block an operation: what awaiting it gives, then its setters with their types; `!` marks a
/// parameter that is required.
fn operations(code: &str) -> String {
    let file = syn::parse_file(code).expect("the generated code parses");
    let mut setters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut answers = BTreeMap::new();
    let mut methods = Vec::new();
    for item in &file.items {
        match item {
            Item::Mod(module) if module.ident == "builder" => {
                for item in module.content.iter().flat_map(|(_, items)| items) {
                    let Item::Impl(implementation) = item else { continue };
                    let name = implementation.self_ty.to_token_stream().to_string();
                    read_call(implementation, &name, &mut setters, &mut answers);
                }
            }
            Item::Impl(client) => methods.extend(client.items.iter().filter_map(started)),
            _ => {}
        }
    }
    let mut list = String::from("\n");
    for (method, call) in methods {
        let _ = writeln!(list, "{method} -> {}", answers[&call]);
        for setter in setters.remove(&call).unwrap_or_default() {
            let _ = writeln!(list, "    {setter}");
        }
    }
    list
}

/// Method of the client and the call that it starts.
fn started(item: &ImplItem) -> Option<(String, String)> {
    let ImplItem::Fn(method) = item else { return None };
    let ReturnType::Type(_, call) = &method.sig.output else { return None };
    let call = call.to_token_stream().to_string();
    let call = call.strip_prefix("builder :: ")?;
    Some((method.sig.ident.to_string(), call.to_owned()))
}

fn read_call(
    implementation: &syn::ItemImpl,
    name: &str,
    setters: &mut BTreeMap<String, Vec<String>>,
    answers: &mut BTreeMap<String, String>,
) {
    let new = implementation.to_token_stream().to_string();
    for item in &implementation.items {
        match item {
            ImplItem::Fn(method) if matches!(method.vis, Visibility::Public(_)) => {
                let ident = method.sig.ident.to_string();
                // What starts as an error has to be given.
                let required = new.contains(&format!("`{ident}` is required"));
                // Each call has these.
                if !matches!(ident.as_str(), "send" | "timeout" | "retries" | "header" | "body_map")
                {
                    let mark = if required { "!" } else { "" };
                    let line = format!("{}{mark}", setter(method));
                    setters.entry(name.to_owned()).or_default().push(line);
                }
            }
            ImplItem::Type(output) if output.ident == "Output" => {
                let answer = plain(&output.ty.to_token_stream().to_string());
                let answer = answer.trim_start_matches("Result<").trim_end_matches(", Error>");
                answers.insert(name.to_owned(), answer.to_owned());
            }
            _ => {}
        }
    }
}

/// `name(what it takes)`.
fn setter(method: &syn::ImplItemFn) -> String {
    let bounds = method.sig.generics.where_clause.to_token_stream().to_string();
    let argument = method.sig.inputs.iter().find_map(|input| match input {
        FnArg::Typed(typed) => Some(typed.ty.to_token_stream().to_string()),
        FnArg::Receiver(_) => None,
    });
    let bounds = plain(&bounds);
    let taken = match bounds.split_once("TryInto<").or_else(|| bounds.split_once("Into<")) {
        Some((_, rest)) => rest.split([',']).next().unwrap_or(rest).trim().to_owned(),
        None => plain(&argument.unwrap_or_default()),
    };
    let taken = taken.strip_suffix('>').unwrap_or(&taken).to_owned();
    let list = if bounds.contains("IntoIterator") { "[…]" } else { "" };
    format!("{}({taken}{list})", method.sig.ident)
}

/// Type text without the noise of full paths and token spacing.
fn plain(text: &str) -> String {
    let mut text = text.replace(' ', "");
    for path in [
        "::std::string::",
        "::std::vec::",
        "::std::option::",
        "std::convert::",
        "::serde_json::",
        "crate::model::",
        "crate::",
    ] {
        text = text.replace(path, "");
    }
    text.replace(',', ", ")
}
