//! Documents what typify leaves without a word: builders of types, the variants of a choice, and
//! the fields that a type keeps without knowing them.

use std::collections::BTreeMap;

use quote::ToTokens;
use syn::{Attribute, Fields, ImplItem, Item, ItemImpl, parse_quote};

/// What the spec says of each field, by type and field.
type Texts = BTreeMap<(String, String), Vec<Attribute>>;

/// Documents the items of `types`, and those of its module `builder`.
pub(crate) fn types(items: &mut [Item]) {
    let mut texts = Texts::new();
    for item in items.iter_mut() {
        match item {
            Item::Struct(item) => {
                for field in item.fields.iter_mut().filter(|field| takes_the_rest(&field.attrs)) {
                    field.attrs.push(parse_quote!(#[doc = " Fields that the spec does not name."]));
                }
                for field in &item.fields {
                    let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
                    let of = (item.ident.to_string(), name);
                    texts.insert(of, docs(&field.attrs).cloned().collect());
                }
            }
            Item::Enum(item) => {
                for variant in item.variants.iter_mut().filter(|variant| is_bare(&variant.attrs)) {
                    let Fields::Unnamed(held) = &variant.fields else { continue };
                    let held = held.to_token_stream().to_string().replace(' ', "");
                    // A neighbour is found by its name alone.
                    let place = if held.contains("::") { held.as_str() } else { "" };
                    let about = format!(" [`{}`]{place}.", variant.ident);
                    variant.attrs.push(parse_quote!(#[doc = #about]));
                }
            }
            Item::Impl(item) => starts(item),
            _ => {}
        }
    }
    for item in items {
        let Item::Mod(module) = item else { continue };
        if module.ident == "builder" {
            for item in module.content.iter_mut().flat_map(|(_, items)| items) {
                builder(item, &texts);
            }
        }
    }
}

/// The function `builder` of a type.
fn starts(item: &mut ItemImpl) {
    for member in &mut item.items {
        let ImplItem::Fn(method) = member else { continue };
        if method.sig.ident == "builder" && is_bare(&method.attrs) {
            method.attrs.push(parse_quote!(#[doc = " Starts one of which nothing is set yet."]));
        }
    }
}

fn builder(item: &mut Item, texts: &Texts) {
    match item {
        Item::Struct(item) if is_bare(&item.attrs) => {
            let about = format!(
                " Builds a [`{name}`](super::{name}): its fields are set, then `try_into()` makes it.",
                name = item.ident
            );
            item.attrs.insert(0, parse_quote!(#[doc = #about]));
        }
        Item::Impl(item) if item.trait_.is_none() => {
            let of = item.self_ty.to_token_stream().to_string();
            for member in &mut item.items {
                let ImplItem::Fn(setter) = member else { continue };
                let field = texts.get(&(of.clone(), setter.sig.ident.to_string()));
                setter.attrs.extend(field.into_iter().flatten().cloned());
            }
        }
        _ => {}
    }
}

/// Every other field is described by the spec.
fn takes_the_rest(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.to_token_stream().to_string().contains("flatten"))
}

fn is_bare(attributes: &[Attribute]) -> bool {
    docs(attributes).next().is_none()
}

fn docs(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("doc"))
}
