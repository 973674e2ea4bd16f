//! What a setter says of a value that does not fit, said by a function that all setters share.
//!
//! progenitor and typify write a closure into each of a thousand setters, and the compiler checks
//! every one of them: a tenth of the time that this crate takes to build.

use proc_macro2::TokenStream;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprLit, ExprMethodCall, File, Lit, LitStr, parse_quote};

pub(crate) fn share(version: &str, file: &mut File) -> Result<(), String> {
    let mut conversions = Conversions { shared: 0 };
    conversions.visit_file_mut(file);
    match conversions.shared {
        0 => Err(format!("{version}: no setter says what does not fit in the usual way")),
        _ => Ok(()),
    }
}

struct Conversions {
    shared: usize,
}

impl VisitMut for Conversions {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        if let Expr::MethodCall(call) = expr
            && let Some(shared) = shared(call)
        {
            self.shared += 1;
            *expr = shared;
        }
    }
}

/// `outcome.map_err(…)` without its closure.
fn shared(call: &ExprMethodCall) -> Option<Expr> {
    let (true, Some(Expr::Closure(closure))) = (call.method == "map_err", call.args.first()) else {
        return None;
    };
    let outcome = &call.receiver;
    match closure.body.as_ref() {
        // `|_| "…".to_string()`
        Expr::MethodCall(text) if text.method == "to_string" => {
            let Expr::Lit(ExprLit { lit: Lit::Str(problem), .. }) = text.receiver.as_ref() else {
                return None;
            };
            Some(parse_quote!(crate::runtime::or_say(#outcome, #problem)))
        }
        Expr::Macro(text) if text.mac.path.is_ident("format") => {
            let problem = problem(&text.mac.tokens)?;
            Some(parse_quote!(crate::runtime::or_explain(#outcome, #problem)))
        }
        _ => None,
    }
}

/// `…` of `format!("…: {e}")`.
fn problem(tokens: &TokenStream) -> Option<LitStr> {
    let literal: LitStr = syn::parse2(tokens.clone().into_iter().take(1).collect()).ok()?;
    let text = literal.value();
    let (problem, _) = text.split_once(": {")?;
    Some(LitStr::new(problem, literal.span()))
}
