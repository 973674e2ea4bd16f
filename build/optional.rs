//! Optional lists and maps as `Option`.
//!
//! typify leaves an optional list out when it is empty, so no update could ever clear one, and
//! refuses a null. As an `Option` it is absent, empty or full, as on the wire.

use std::collections::BTreeMap;

use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{Fields, Ident, ImplItem, Item, ItemStruct, Type, parse_quote};

use crate::polish::argument;

/// Field names by struct.
type Found = BTreeMap<String, Vec<Ident>>;

/// Changes the structs among `items`, and their builders.
pub(crate) fn lists(items: &mut [Item]) -> Result<(), String> {
    let mut found = Found::new();
    for item in items.iter_mut() {
        if let Item::Struct(item) = item {
            fields(item, &mut found);
        }
    }
    let mut changed = 0;
    for item in items.iter_mut() {
        let Item::Mod(module) = item else { continue };
        if module.ident == "builder" {
            for item in module.content.iter_mut().flat_map(|(_, items)| items) {
                changed += builder(item, &found);
            }
        }
    }
    let expected = 2 * found.values().map(Vec::len).sum::<usize>();
    if changed == expected {
        return Ok(());
    }
    Err(format!("{changed} of {expected} places of optional lists were found in the builders"))
}

fn fields(item: &mut ItemStruct, found: &mut Found) {
    let Fields::Named(fields) = &mut item.fields else { return };
    for field in &mut fields.named {
        let skips = |attribute: &syn::Attribute| {
            attribute.to_token_stream().to_string().contains("is_empty")
        };
        if !field.attrs.iter().any(skips) {
            continue;
        }
        let ty = &field.ty;
        field.ty = parse_quote!(::std::option::Option<#ty>);
        field.attrs.retain(|attribute| !skips(attribute));
        field.attrs.push(parse_quote! {
            #[serde(default, skip_serializing_if = "::std::option::Option::is_none")]
        });
        found.entry(item.ident.to_string()).or_default().extend(field.ident.clone());
    }
}

/// The field of a builder, and the bound of its setter. Answers how many were changed.
fn builder(item: &mut Item, found: &Found) -> usize {
    match item {
        Item::Struct(item) => {
            let names = found.get(&item.ident.to_string());
            let fields = item.fields.iter_mut().filter(|field| {
                names.is_some_and(|names| field.ident.as_ref().is_some_and(|i| names.contains(i)))
            });
            fields.map(|field| wrap(&mut field.ty, "Result")).sum()
        }
        Item::Impl(item) if item.trait_.is_none() => {
            let Some(names) = found.get(&item.self_ty.to_token_stream().to_string()) else {
                return 0;
            };
            let mut changed = 0;
            for member in &mut item.items {
                let ImplItem::Fn(setter) = member else { continue };
                if names.contains(&setter.sig.ident) {
                    let mut bound = Bound(0);
                    bound.visit_generics_mut(&mut setter.sig.generics);
                    changed += bound.0;
                }
            }
            changed
        }
        _ => 0,
    }
}

/// The first argument of `holder<…>` becomes an `Option`.
fn wrap(ty: &mut Type, holder: &str) -> usize {
    if argument(ty, holder).is_none() {
        return 0;
    }
    let Type::Path(path) = ty else { return 0 };
    path.path.segments.last_mut().map_or(0, wrap_argument)
}

fn wrap_argument(segment: &mut syn::PathSegment) -> usize {
    let syn::PathArguments::AngleBracketed(arguments) = &mut segment.arguments else { return 0 };
    let Some(syn::GenericArgument::Type(inner)) = arguments.args.first_mut() else { return 0 };
    *inner = parse_quote!(::std::option::Option<#inner>);
    1
}

/// Counts the `TryInto<…>` bounds that it changes.
struct Bound(usize);

impl VisitMut for Bound {
    fn visit_path_segment_mut(&mut self, segment: &mut syn::PathSegment) {
        visit_mut::visit_path_segment_mut(self, segment);
        if segment.ident == "TryInto" {
            self.0 += wrap_argument(segment);
        }
    }
}
