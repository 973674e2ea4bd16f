//! The setters of a call: documented, with lists and maps taken in any convenient form, and the
//! fields of the request body at hand on the call itself.

use quote::{format_ident, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Fields, Ident, ImplItem, ImplItemFn, Type, parse_quote};

use crate::docs;
use crate::operation::Operation;
use crate::polish::{Bodies, argument, field_of};

/// Gives the setter of a parameter its documentation; a list is taken from anything iterable.
pub(crate) fn parameter(method: &mut ImplItemFn, operation: &Operation) -> Result<(), String> {
    let ident = method.sig.ident.clone();
    let parameter =
        operation.parameters.iter().find(|parameter| field_of(parameter) == ident).ok_or_else(
            || format!("{}: the setter {ident} belongs to no parameter", operation.id),
        )?;
    if parameter.list {
        let item = list_item(method)
            .ok_or_else(|| format!("{}: {ident} is not taken as a list", operation.id))?;
        let items = quote!(items.into_iter().map(Into::into).collect());
        let value = if parameter.required { quote!(Ok(#items)) } else { quote!(Ok(Some(#items))) };
        *method = parse_quote! {
            pub fn #ident<I>(mut self, items: I) -> Self
            where
                I: IntoIterator,
                I::Item: Into<#item>,
            {
                self.#ident = #value;
                self
            }
        };
    }
    let about = format!(" {}", docs::parameter(parameter));
    method.attrs.push(parse_quote!(#[doc = #about]));
    Ok(())
}

/// `X` of a setter that is bound by `TryInto<Vec<X>>`.
fn list_item(method: &ImplItemFn) -> Option<Type> {
    let clause = method.sig.generics.where_clause.as_ref()?;
    clause.predicates.iter().find_map(|predicate| {
        let syn::WherePredicate::Type(predicate) = predicate else { return None };
        predicate.bounds.iter().find_map(|bound| {
            let syn::TypeParamBound::Trait(bound) = bound else { return None };
            let path = &bound.path;
            let path: Type = parse_quote!(#path);
            argument(argument(&path, "TryInto")?, "Vec").cloned()
        })
    })
}

/// The file of an upload.
pub(crate) fn file() -> ImplItem {
    parse_quote! {
        /// Required. The picture.
        pub fn file(mut self, file: crate::File) -> Self {
            self.file = Ok(file);
            self
        }
    }
}

/// What each call can be told beside its parameters.
pub(crate) fn per_call() -> Vec<ImplItem> {
    vec![
        parse_quote! {
            /// Limits the whole call, its token request and repeats included, instead of the
            /// client's own limit.
            pub fn timeout(mut self, limit: std::time::Duration) -> Self {
                self.call.timeout(limit);
                self
            }
        },
        parse_quote! {
            /// When this call is sent again after a failure, instead of the client's own policy.
            pub fn retries(mut self, policy: crate::RetryPolicy) -> Self {
                self.call.retries(policy);
                self
            }
        },
        parse_quote! {
            /// Sends one more header with this call.
            pub fn header(mut self, name: &str, value: &str) -> Self {
                self.call.header(name, value);
                self
            }
        },
    ]
}

/// Setters for the fields of the request body.
pub(crate) fn body(operation: &Operation, bodies: &Bodies) -> Result<Vec<ImplItem>, String> {
    let Some(name) = &operation.body else { return Ok(Vec::new()) };
    // A map of roles has no fields of its own: it is given whole.
    let Some(body) = bodies.get(name) else { return Ok(Vec::new()) };
    let Fields::Named(fields) = &body.fields else {
        return Err(format!("{}: the body {name} has no fields", operation.id));
    };
    let taken: Vec<Ident> = operation.parameters.iter().map(field_of).collect();
    let mut setters = Vec::new();
    for field in &fields.named {
        let ident = field.ident.clone().ok_or("a field without a name")?;
        let own =
            ["body", "body_map", "call", "send", "stream", "timeout", "retries", "header", "new"];
        if taken.contains(&ident) || own.iter().any(|name| ident == name) {
            return Err(format!(
                "{}: the body field `{ident}` bears the name of a parameter or of a method of the call",
                operation.id
            ));
        }
        let about: Vec<&Attribute> =
            field.attrs.iter().filter(|attribute| attribute.path().is_ident("doc")).collect();
        setters.push(body_field(&ident, &in_types(&field.ty, bodies), &about));
    }
    Ok(setters)
}

/// Fields name their neighbours plainly; from outside those stand in `types`.
pub(crate) fn in_types(ty: &Type, types: &Bodies) -> Type {
    let mut ty = ty.clone();
    InTypes(types).visit_type_mut(&mut ty);
    ty
}

struct InTypes<'a>(&'a Bodies);

impl VisitMut for InTypes<'_> {
    fn visit_type_path_mut(&mut self, path: &mut syn::TypePath) {
        visit_mut::visit_type_path_mut(self, path);
        if let Some(ident) = path.path.get_ident().filter(|i| self.0.contains_key(&i.to_string())) {
            path.path = parse_quote!(types::#ident);
        }
    }
}

fn body_field(ident: &Ident, ty: &Type, about: &[&Attribute]) -> ImplItem {
    let ty = argument(ty, "Option").unwrap_or(ty);
    if let Some(item) = argument(ty, "Vec") {
        return parse_quote! {
            #(#about)*
            pub fn #ident<I>(mut self, items: I) -> Self
            where
                I: IntoIterator,
                I::Item: Into<#item>,
            {
                let items: Vec<#item> = items.into_iter().map(Into::into).collect();
                self.body = self.body.map(|body| body.#ident(items));
                self
            }
        };
    }
    if argument(ty, "Map").is_some() {
        return parse_quote! {
            #(#about)*
            pub fn #ident(mut self, fields: impl serde::Serialize) -> Self {
                self.body = self.body.and_then(|body| {
                    Ok(body.#ident(crate::runtime::json_object(stringify!(#ident), fields)?))
                });
                self
            }
        };
    }
    let unfit = format!("`{ident}` does not fit");
    let value = format_ident!("value");
    parse_quote! {
        #(#about)*
        pub fn #ident<V>(mut self, #value: V) -> Self
        where
            V: TryInto<#ty>,
            V::Error: std::fmt::Display,
        {
            let fits = crate::runtime::or_explain(#value.try_into(), #unfit);
            self.body = crate::runtime::with(self.body, fits, |body, fits| body.#ident(fits));
            self
        }
    }
}
