//! Builders for the types that are sent.
//!
//! typify writes a builder for every type. Answers are read, never made, and their builders are a
//! third of the generated code, so only what a request can hold keeps one.

use std::collections::{BTreeMap, BTreeSet};

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{ImplItem, Item};

use crate::operation::Operation;

/// Drops the builders of all types that no request body reaches.
pub(crate) fn builders(items: &mut [Item], operations: &[Operation]) -> Result<(), String> {
    let sent = reached(items, operations);
    let mut dropped = 0;
    for item in items.iter_mut() {
        match item {
            Item::Impl(item) if item.trait_.is_none() && !sent.contains(&name(&item.self_ty)) => {
                item.items.retain(|member| {
                    !matches!(member, ImplItem::Fn(method) if method.sig.ident == "builder")
                });
            }
            Item::Mod(module) if module.ident == "builder" => {
                if let Some((_, items)) = &mut module.content {
                    let before = items.len();
                    items.retain(|item| builds(item).is_some_and(|name| sent.contains(&name)));
                    dropped += before - items.len();
                }
            }
            _ => {}
        }
    }
    if dropped == 0 {
        return Err("no builder of an answer was found".to_owned());
    }
    Ok(())
}

/// The request bodies, and all types within them.
fn reached(items: &[Item], operations: &[Operation]) -> BTreeSet<String> {
    let types: BTreeMap<String, &Item> = items
        .iter()
        .filter_map(|item| match item {
            Item::Struct(found) => Some((found.ident.to_string(), item)),
            Item::Enum(found) => Some((found.ident.to_string(), item)),
            _ => None,
        })
        .collect();
    let mut open: Vec<String> = operations.iter().filter_map(|op| op.body.clone()).collect();
    let mut reached = BTreeSet::new();
    while let Some(name) = open.pop() {
        let Some(item) = types.get(&name) else { continue };
        if reached.insert(name) {
            let mut inner = Names(Vec::new());
            inner.visit_item(item);
            open.extend(inner.0);
        }
    }
    reached
}

/// Single names of types; those of this module stand plainly.
struct Names(Vec<String>);

impl<'ast> Visit<'ast> for Names {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        visit::visit_path(self, path);
        self.0.extend(path.get_ident().map(ToString::to_string));
    }
}

fn name(ty: &syn::Type) -> String {
    ty.to_token_stream().to_string()
}

/// The type that a part of the builder module belongs to.
fn builds(item: &Item) -> Option<String> {
    match item {
        Item::Struct(item) => Some(item.ident.to_string()),
        // `impl X`, `impl Default for X`, `impl From<super::X> for X`, `impl TryFrom<X> for super::X`.
        Item::Impl(item) => {
            let name = name(&item.self_ty);
            Some(name.rsplit(' ').next().unwrap_or(&name).to_owned())
        }
        _ => None,
    }
}
