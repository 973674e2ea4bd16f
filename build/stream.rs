//! `stream()` for the calls that answer in pages or with a picture.

use quote::quote;
use syn::{Fields, ImplItem, Type, TypePath, parse_quote};

use crate::operation::{Operation, Place};
use crate::polish::{Bodies, argument};

/// A `stream()` where the call takes `skip` and `limit`; None for all others.
pub(crate) fn method(
    operation: &Operation,
    answer: &Type,
    types: &Bodies,
) -> Result<Option<ImplItem>, String> {
    let takes = |name: &str| {
        operation.parameters.iter().any(|p| p.name == name && p.place == Place::Query && !p.list)
    };
    if !(takes("skip") && takes("limit")) {
        return Ok(None);
    }
    let (item, page) = if let Some(item) = argument(answer, "Vec") {
        (item.clone(), quote!(crate::page::Page { items: answer, total: None }))
    } else {
        let item = page_item(answer, types)
            .ok_or_else(|| format!("{}: takes skip and limit, answers no page", operation.id))?;
        (item, quote!(crate::page::Page { items: answer.data, total: Some(answer.total) }))
    };
    Ok(Some(parse_quote! {
        /// Every item from `skip` on, page after page of `limit` items (100 unless set), each page
        /// fetched when the one before is used up.
        pub fn stream(self) -> crate::Pages<#item> {
            let (skip, limit) = (self.skip.clone(), self.limit.clone());
            crate::Pages::new(skip, limit, move |skip, limit| {
                let page = self.clone().skip(skip).limit(limit).into_future();
                Box::pin(async move {
                    let answer = page.await?;
                    Ok(#page)
                })
            })
        }
    }))
}

/// `stream()` of a picture.
pub(crate) fn image() -> ImplItem {
    parse_quote! {
        /// Sends the call and reads the picture piece by piece.
        pub async fn stream(self) -> Result<crate::ImageStream, Error> {
            self.ready().image_stream().await
        }
    }
}

/// `T` of an answer that holds `data: Vec<T>` and `total`.
fn page_item(answer: &Type, types: &Bodies) -> Option<Type> {
    let Type::Path(TypePath { path, .. }) = answer else { return None };
    let page = types.get(&path.segments.last()?.ident.to_string())?;
    let Fields::Named(fields) = &page.fields else { return None };
    let field = |name: &str| {
        fields.named.iter().find(|field| field.ident.as_ref().is_some_and(|ident| ident == name))
    };
    field("total")?;
    let item = argument(&field("data")?.ty, "Vec")?;
    Some(crate::setters::in_types(item, types))
}
