//! The public API beside the generated calls, as one snapshot: a change of it is a change for users.
//!
//! What is `pub` in the sources is public: the lint `unreachable_pub` sees to that.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use quote::ToTokens;
use syn::{
    Attribute, Field, Fields, File, ImplItem, Item, ItemImpl, TraitItem, Visibility, parse_quote,
};

#[test]
fn the_public_api_is_the_one_reviewed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources: Vec<(String, File)> = sources(&root.join("src"))
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).expect("a source");
            let name = path.strip_prefix(root).expect("below the root").display().to_string();
            (name, syn::parse_file(&text).expect("sources parse"))
        })
        .collect();
    let types: BTreeSet<String> =
        sources.iter().flat_map(|(_, file)| &file.items).filter_map(public_type).collect();
    let mut all = String::new();
    for (name, file) in sources {
        let items: Vec<Item> =
            file.items.into_iter().filter_map(|item| public(item, &types)).collect();
        if !items.is_empty() {
            let shown = prettyplease::unparse(&parse_quote!(#(#items)*));
            let _ = writeln!(all, "\n// {name}\n{shown}");
        }
    }
    insta::assert_snapshot!("public_api", all);
}

/// All of the library, in the order of their names.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = entries
        .flat_map(|path| match path.is_dir() {
            true if path.ends_with("src/bin") => Vec::new(),
            true => sources(&path),
            false if path.extension().is_some_and(|kind| kind == "rs") => vec![path],
            false => Vec::new(),
        })
        .collect();
    found.sort();
    found
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Whether users are told of it, without the attributes that are none of their business.
fn told(attributes: &mut Vec<Attribute>, visibility: &Visibility) -> bool {
    seen(attributes);
    is_public(visibility)
}

fn public_type(item: &Item) -> Option<String> {
    let (name, visibility) = match item {
        Item::Struct(item) => (&item.ident, &item.vis),
        Item::Enum(item) => (&item.ident, &item.vis),
        Item::Type(item) => (&item.ident, &item.vis),
        _ => return None,
    };
    is_public(visibility).then(|| name.to_string())
}

/// The item without what its users do not see.
fn public(mut item: Item, types: &BTreeSet<String>) -> Option<Item> {
    let shown = match &mut item {
        Item::Struct(item) => {
            retain(&mut item.fields);
            told(&mut item.attrs, &item.vis)
        }
        Item::Enum(item) => {
            for variant in &mut item.variants {
                seen(&mut variant.attrs);
                variant.fields.iter_mut().for_each(|field| seen(&mut field.attrs));
            }
            told(&mut item.attrs, &item.vis)
        }
        Item::Fn(item) => {
            item.block = parse_quote!({});
            told(&mut item.attrs, &item.vis)
        }
        Item::Trait(item) => {
            for method in &mut item.items {
                if let TraitItem::Fn(method) = method {
                    seen(&mut method.attrs);
                    method.default = method.default.take().map(|_| parse_quote!({}));
                }
            }
            told(&mut item.attrs, &item.vis)
        }
        Item::Const(item) => told(&mut item.attrs, &item.vis),
        Item::Type(item) => told(&mut item.attrs, &item.vis),
        Item::Use(item) => told(&mut item.attrs, &item.vis),
        Item::Mod(item) => told(&mut item.attrs, &item.vis),
        Item::Impl(item) => implementation(item, types),
        // Enums that the server may extend are declared by one.
        Item::Macro(item) => {
            seen(&mut item.attrs);
            item.ident.is_none() && !item.mac.path.is_ident("include")
        }
        _ => false,
    };
    shown.then_some(item)
}

fn implementation(item: &mut ItemImpl, types: &BTreeSet<String>) -> bool {
    seen(&mut item.attrs);
    if item.trait_.is_some() {
        // That it is there is all: what it has to have, the trait says.
        item.items.clear();
    }
    item.items.retain_mut(|item| match item {
        ImplItem::Fn(method) => {
            method.block = parse_quote!({});
            told(&mut method.attrs, &method.vis)
        }
        ImplItem::Const(item) => told(&mut item.attrs, &item.vis),
        _ => false,
    });
    let of = item.self_ty.to_token_stream().to_string();
    let name = of.split([' ', '<']).next().unwrap_or_default();
    types.contains(name) && (item.trait_.is_some() || !item.items.is_empty())
}

/// Leaves out fields that are private.
fn retain(fields: &mut Fields) {
    let keep = |field: &Field| is_public(&field.vis);
    match fields {
        Fields::Named(fields) => {
            fields.named = std::mem::take(&mut fields.named).into_iter().filter(keep).collect();
            fields.named.iter_mut().for_each(|field| seen(&mut field.attrs));
        }
        Fields::Unnamed(fields) => {
            fields.unnamed = std::mem::take(&mut fields.unnamed).into_iter().filter(keep).collect();
        }
        Fields::Unit => {}
    }
}

/// Leaves the attributes that say something to users.
fn seen(attributes: &mut Vec<Attribute>) {
    const TOLD: [&str; 4] = ["derive", "non_exhaustive", "cfg", "must_use"];
    attributes.retain(|attribute| TOLD.iter().any(|told| attribute.path().is_ident(told)));
}
