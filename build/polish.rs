//! Puts what progenitor wrote onto the crate's own runtime.
//!
//! Types, builders and setters stay as generated. The client, and how a call is sent, are replaced:
//! every call goes through `crate::runtime::Call`, which knows tokens, refuses unsafe path
//! segments, keeps the status of any answer and fails with `crate::Error` alone. Each rewriting
//! says so when it does not find what it rewrites, so a new progenitor cannot slip by.

use std::collections::BTreeMap;

use quote::{format_ident, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{Fields, File, Ident, ImplItem, Item, ItemImpl, ItemMod, ItemStruct, Type, parse_quote};

use crate::docs;
use crate::operation::{Answer, Operation, Parameter, Place};
use crate::{conversions, described, optional, setters, stream};

/// `file` on our runtime.
pub(crate) fn polish(version: &str, file: File, operations: &[Operation]) -> Result<File, String> {
    let by_builder: BTreeMap<String, &Operation> =
        operations.iter().map(|operation| (operation.pascal(), operation)).collect();
    let mut polished = client(version);
    let mut methods = 0;
    let mut bodies = BTreeMap::new();
    let mut builders = None;
    for item in file.items {
        match item {
            Item::Mod(mut types) if types.ident == "types" => {
                polish_types(&mut types, &mut bodies)?;
                polished.items.push(Item::Mod(types));
            }
            Item::Mod(module) if module.ident == "builder" => builders = Some(module),
            Item::Impl(implementation) if has_operations(&implementation) => {
                methods += implementation.items.len();
                let groups = self::methods(version, implementation, &by_builder)?;
                polished.items.extend(groups.into_iter().map(Item::Impl));
            }
            // progenitor's client, its hooks and prelude.
            _ => {}
        }
    }
    if methods != operations.len() {
        return Err(format!("{version}: {methods} methods for {} operations", operations.len()));
    }
    let module = builders.ok_or_else(|| format!("{version}: no builder module"))?;
    polished.items.push(Item::Mod(polish_builders(version, module, &by_builder, &bodies)?));
    conversions::share(version, &mut polished)?;
    Ok(polished)
}

fn client(version: &str) -> File {
    let about = format!(
        "Typed calls of API version {}, see [`Playoff::{version}`](crate::Playoff::{version}).",
        &version[1..]
    );
    parse_quote! {
        #[doc = #about]
        #[derive(Clone, Debug)]
        pub struct Client {
            transport: crate::transport::Transport,
        }
        impl Client {
            pub(crate) fn new(transport: crate::transport::Transport) -> Self {
                Self { transport }
            }
            fn call(&self, route: &'static crate::routes::Route) -> crate::runtime::Call {
                crate::runtime::Call::new(self.transport.clone(), route)
            }
        }
    }
}

/// The inherent `impl Client` that starts calls; its methods answer `builder::…`.
fn has_operations(implementation: &ItemImpl) -> bool {
    implementation.trait_.is_none()
        && implementation.items.iter().any(|item| match item {
            ImplItem::Fn(method) => {
                let output = &method.sig.output;
                quote!(#output).to_string().contains("builder ::")
            }
            _ => false,
        })
}

/// One `impl` a tag, so that the docs read as a reference by tag.
fn methods(
    version: &str,
    implementation: ItemImpl,
    operations: &BTreeMap<String, &Operation>,
) -> Result<Vec<ItemImpl>, String> {
    let mut groups: Vec<(&str, ItemImpl)> = Vec::new();
    for item in implementation.items {
        let ImplItem::Fn(method) = item else { continue };
        let name = method.sig.ident.to_string();
        let operation = operations.values().find(|operation| operation.id == name);
        let operation = operation.ok_or_else(|| format!("{version}: no operation `{name}`"))?;
        let builder = format_ident!("{}", operation.pascal());
        let about = docs::method(version, operation)?;
        let ident = &method.sig.ident;
        let method: ImplItem = parse_quote! {
            #[doc = #about]
            pub fn #ident(&self) -> builder::#builder {
                builder::#builder::new(self)
            }
        };
        match groups.iter_mut().find(|(tag, _)| *tag == operation.tag) {
            Some((_, group)) => group.items.push(method),
            None => {
                let title = format!("# {}\n\n{}.", operation.tag, operation.tag_about);
                groups
                    .push((&operation.tag, parse_quote!(#[doc = #title] impl Client { #method })));
            }
        }
    }
    Ok(groups.into_iter().map(|(_, group)| group).collect())
}

/// Field names, types and docs of each struct in `types`, for the setters of request bodies.
pub(crate) type Bodies = BTreeMap<String, ItemStruct>;

fn polish_types(types: &mut ItemMod, bodies: &mut Bodies) -> Result<(), String> {
    let items = &mut types.content.as_mut().ok_or("the types module is empty")?.1;
    optional::lists(items)?;
    described::types(items);
    for item in items {
        match item {
            Item::Struct(item) => {
                bodies.insert(item.ident.to_string(), item.clone());
                item.attrs.push(parse_quote!(#[non_exhaustive]));
                item.attrs.push(schema_derive());
            }
            Item::Enum(item) => {
                item.attrs.push(parse_quote!(#[non_exhaustive]));
                item.attrs.push(schema_derive());
            }
            _ => {}
        }
    }
    Ok(())
}

/// typify's own JsonSchema is written for schemars 0.8 and an older edition.
fn schema_derive() -> syn::Attribute {
    parse_quote!(#[cfg_attr(feature = "schemars", derive(::schemars::JsonSchema))])
}

fn polish_builders(
    version: &str,
    mut module: ItemMod,
    operations: &BTreeMap<String, &Operation>,
    bodies: &Bodies,
) -> Result<ItemMod, String> {
    let (brace, items) = module.content.take().ok_or("the builder module is empty")?;
    let mut polished: Vec<Item> = vec![
        parse_quote!(
            use super::types;
        ),
        parse_quote!(
            use crate::{Error, Response};
        ),
    ];
    for item in items {
        match item {
            Item::Struct(item) => {
                let operation = find(version, operations, &item.ident)?;
                polished.push(Item::Struct(call_struct(version, item, operation)?));
            }
            Item::Impl(item) => {
                let name = type_name(&item.self_ty)?;
                let operation = find(version, operations, &name)?;
                polished.extend(call_impl(version, item, &name, operation, bodies)?);
            }
            _ => {}
        }
    }
    module.content = Some((brace, polished));
    module.attrs.retain(|attribute| !attribute.path().is_ident("doc"));
    module
        .attrs
        .push(parse_quote!(#[doc = " The calls: parameters are set, then the call is awaited."]));
    Ok(module)
}

fn find<'a>(
    version: &str,
    operations: &BTreeMap<String, &'a Operation>,
    name: &Ident,
) -> Result<&'a Operation, String> {
    operations
        .get(&name.to_string())
        .copied()
        .ok_or_else(|| format!("{version}: the builder {name} belongs to no operation"))
}

fn type_name(ty: &Type) -> Result<Ident, String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.clone()),
        _ => None,
    }
    .ok_or_else(|| "an impl of something that is no struct".to_owned())
}

/// A call owns what it needs, so that it can be spawned and joined; progenitor's borrows its client.
fn call_struct(
    version: &str,
    mut item: ItemStruct,
    operation: &Operation,
) -> Result<ItemStruct, String> {
    item.generics = syn::Generics::default();
    item.attrs.retain(|attribute| !attribute.path().is_ident("doc"));
    let about =
        format!("The call [`{id}`](super::Client::{id}), to be awaited.", id = operation.id);
    item.attrs.insert(0, parse_quote!(#[doc = #about]));
    item.attrs.push(parse_quote!(#[must_use = "a call does nothing until it is awaited"]));
    let Fields::Named(fields) = &mut item.fields else {
        return Err(format!("{version}: the builder of {} has no fields", operation.id));
    };
    let client = fields.named.iter_mut().find(|f| f.ident.as_ref().is_some_and(|i| i == "client"));
    let client = client.ok_or_else(|| format!("{version}: {}: no client field", operation.id))?;
    *client =
        syn::parse::Parser::parse2(syn::Field::parse_named, quote!(call: crate::runtime::Call))
            .map_err(|error| error.to_string())?;
    if operation.upload {
        let file = syn::parse::Parser::parse2(
            syn::Field::parse_named,
            quote!(file: Result<crate::File, String>),
        );
        fields.named.push(file.map_err(|error| error.to_string())?);
    }
    Ok(item)
}

fn call_impl(
    version: &str,
    mut item: ItemImpl,
    name: &Ident,
    operation: &Operation,
    bodies: &Bodies,
) -> Result<Vec<Item>, String> {
    item.generics = syn::Generics::default();
    item.self_ty = parse_quote!(#name);
    let mut output = None;
    let mut body_setters = false;
    let read = read(operation);
    for member in &mut item.items {
        let ImplItem::Fn(method) = member else { continue };
        Messages.visit_impl_item_fn_mut(method);
        let ident = method.sig.ident.to_string();
        match ident.as_str() {
            "new" => new(version, method, operation)?,
            "send" => {
                let answer = success(version, method, operation)?;
                *method = send(&answer, &read);
                output = Some(answer);
            }
            "body" => {
                body_setters = true;
                let about =
                    " Gives the whole request body; setters called later change single fields.";
                method.attrs.push(parse_quote!(#[doc = #about]));
            }
            "body_map" => {
                method
                    .attrs
                    .push(parse_quote!(#[doc = " Changes the request body by its builder."]));
            }
            _ => setters::parameter(method, operation)?,
        }
    }
    let output = output.ok_or_else(|| format!("{version}: {} cannot be sent", operation.id))?;
    if operation.upload {
        item.items.push(setters::file());
    }
    if operation.answer == Answer::Image {
        item.items.push(stream::image());
    }
    if body_setters != operation.body.is_some() {
        return Err(format!("{version}: {}: the body was not generated", operation.id));
    }
    item.items.extend(stream::method(operation, &output, bodies)?);
    item.items.push(ImplItem::Fn(ready(operation, bodies)));
    item.items.extend(setters::per_call());
    item.items.extend(setters::body(operation, bodies)?);
    let awaited = parse_quote! {
        impl std::future::IntoFuture for #name {
            type Output = Result<#output, Error>;
            type IntoFuture = crate::runtime::CallFuture<#output>;
            fn into_future(self) -> Self::IntoFuture {
                Box::pin(self.ready().#read(Response::into_inner))
            }
        }
    };
    Ok(vec![Item::Impl(item), awaited])
}

/// `new` takes the client by reference and starts the call on it.
fn new(version: &str, method: &mut syn::ImplItemFn, operation: &Operation) -> Result<(), String> {
    struct Client {
        value: syn::Expr,
        upload: bool,
        found: bool,
    }
    impl VisitMut for Client {
        fn visit_field_value_mut(&mut self, field: &mut syn::FieldValue) {
            if matches!(&field.member, syn::Member::Named(name) if name == "client") {
                field.member = parse_quote!(call);
                field.colon_token = Some(Default::default());
                field.expr = self.value.clone();
                self.found = true;
            }
        }

        fn visit_expr_struct_mut(&mut self, expr: &mut syn::ExprStruct) {
            visit_mut::visit_expr_struct_mut(self, expr);
            if self.upload {
                expr.fields.push(parse_quote!(file: Err("`file` is required".to_string())));
            }
        }
    }
    let version_mod = format_ident!("{version}");
    let route = format_ident!("{}", operation.id.to_uppercase());
    let mut client = Client {
        value: parse_quote!(client.call(&crate::routes::#version_mod::#route)),
        upload: operation.upload,
        found: false,
    };
    client.visit_impl_item_fn_mut(method);
    if !client.found {
        return Err(format!("{version}: {}: `new` sets no client", operation.id));
    }
    method.vis = parse_quote!(pub(super));
    method.sig.inputs = parse_quote!(client: &super::Client);
    Ok(())
}

/// What a success holds, read off progenitor's own `send`.
fn success(version: &str, method: &syn::ImplItemFn, operation: &Operation) -> Result<Type, String> {
    if operation.answer == Answer::Image {
        return Ok(parse_quote!(crate::Image));
    }
    let odd = || format!("{version}: {}: `send` answers something else", operation.id);
    let syn::ReturnType::Type(_, result) = &method.sig.output else { return Err(odd()) };
    let value = argument(result, "Result").ok_or_else(odd)?;
    argument(value, "ResponseValue").cloned().ok_or_else(odd)
}

/// The first type argument of `name<…>`.
pub(crate) fn argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last().filter(|segment| segment.ident == name)?;
    let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match arguments.args.first()? {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}

/// How the answer is read.
fn read(operation: &Operation) -> Ident {
    match operation.answer {
        Answer::Json => format_ident!("json"),
        Answer::Image => format_ident!("image"),
    }
}

fn send(answer: &Type, read: &Ident) -> syn::ImplItemFn {
    parse_quote! {
        #[doc = " Sends the call; the answer comes with its status and headers."]
        pub async fn send(self) -> Result<Response<#answer>, Error> {
            self.ready().#read(std::convert::identity).await
        }
    }
}

/// The call with everything that its setters were given.
fn ready(operation: &Operation, bodies: &Bodies) -> syn::ImplItemFn {
    let parameters = operation.parameters.iter().map(|parameter| {
        let (name, field) = (&parameter.name, field_of(parameter));
        match (parameter.place, parameter.list, parameter.required) {
            (Place::Path { .. }, _, _) => quote!(call.path(#name, self.#field);),
            (Place::Query, false, true) => quote!(call.query(#name, self.#field);),
            (Place::Query, false, false) => quote!(call.query_option(#name, self.#field);),
            (Place::Query, true, true) => quote!(call.query_list(#name, self.#field.map(Some));),
            (Place::Query, true, false) => quote!(call.query_list(#name, self.#field);),
        }
    });
    let body = operation.body.as_ref().map(|body| {
        if !bodies.contains_key(body) {
            return quote!(call.body(self.body););
        }
        let body = format_ident!("{body}");
        quote! {
            call.body(self.body.and_then(|body| {
                types::#body::try_from(body).map_err(|error| error.to_string())
            }));
        }
    });
    let file = operation.upload.then(|| quote!(call.file("file", self.file);));
    parse_quote! {
        #[allow(unused_mut)]
        fn ready(self) -> crate::runtime::Call {
            let mut call = self.call;
            #(#parameters)*
            #body
            #file
            call
        }
    }
}

/// progenitor's name of the field behind a parameter: keywords get an underscore.
pub(crate) fn field_of(parameter: &Parameter) -> Ident {
    match syn::parse_str::<Ident>(&parameter.name) {
        Ok(ident) => ident,
        Err(_) => format_ident!("{}_", parameter.name),
    }
}

/// Rewords what a builder says of a value that is missing or does not fit.
struct Messages;

impl VisitMut for Messages {
    fn visit_lit_str_mut(&mut self, literal: &mut syn::LitStr) {
        let text = literal.value();
        let reworded = if let Some(name) = text.strip_suffix(" was not initialized") {
            Some(format!("`{name}` is required"))
        } else if let Some(rest) = text.strip_prefix("conversion to `") {
            rest.split_once("` for ").and_then(|(ty, rest)| {
                let name = rest.split_once(" failed")?.0;
                let ty = ty.rsplit("::").next()?.trim();
                Some(format!("`{name}` is no valid {ty}"))
            })
        } else {
            None
        };
        if let Some(reworded) = reworded {
            *literal = syn::LitStr::new(&reworded, literal.span());
        }
    }
}
