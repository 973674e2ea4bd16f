//! Expressions: arithmetic over scores and variables, as compounds, rewards and conditions use it.

use super::number::Number;

/// Longer formulas and deeper parentheses are treated as malformed.
const LONGEST_FORMULA: usize = 4096;
const DEEPEST_NESTING: usize = 64;

/// What an expression comes to; variables may be text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    Number(Number),
    Text(String),
}

impl Term {
    /// Assumption: text that is no number counts as zero in arithmetic.
    pub(super) fn number(&self) -> Number {
        match self {
            Term::Number(number) => *number,
            Term::Text(text) => Number::parse(text).unwrap_or(Number::ZERO),
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Term::Number(number) => number.to_string(),
            Term::Text(text) => text.clone(),
        }
    }
}

/// Where a formula gets the values of its references from.
pub(super) trait Values {
    fn score(&self, metric: &str, item: Option<&str>) -> Number;
    fn variable(&self, name: &str) -> Option<Term>;
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Term(Term),
    Score { metric: String, item: Option<String> },
    Variable(String),
    Operator(char),
    Open,
    Close,
}

/// A formula that is known to be well formed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Formula {
    tokens: Vec<Token>,
}

impl Formula {
    pub(super) fn parse(text: &str) -> Option<Formula> {
        if text.len() > LONGEST_FORMULA {
            return None;
        }
        let formula = Formula { tokens: Scanner { rest: text.trim_start() }.tokens()? };
        // A dry run finds every fault of the grammar, so later evaluations cannot fail.
        formula.run(&Nothing).map(|_| formula)
    }

    pub(super) fn value(&self, values: &dyn Values) -> Term {
        self.run(values).unwrap_or(Term::Number(Number::ZERO))
    }

    /// The scores the formula reads: metric and, for sets, perhaps one item.
    pub(super) fn inputs(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.tokens.iter().filter_map(|token| match token {
            Token::Score { metric, item } => Some((metric.as_str(), item.as_deref())),
            _ => None,
        })
    }

    fn run(&self, values: &dyn Values) -> Option<Term> {
        let mut reader = Reader { tokens: &self.tokens, values, depth: 0 };
        let value = reader.sum()?;
        reader.tokens.is_empty().then_some(value)
    }
}

struct Nothing;

impl Values for Nothing {
    fn score(&self, _: &str, _: Option<&str>) -> Number {
        Number::ZERO
    }

    fn variable(&self, _: &str) -> Option<Term> {
        None
    }
}

/// Evaluates while it reads; only parentheses recurse.
struct Reader<'a> {
    tokens: &'a [Token],
    values: &'a dyn Values,
    depth: usize,
}

impl Reader<'_> {
    fn operator(&mut self, wanted: [char; 2]) -> Option<char> {
        let Some((Token::Operator(operator), rest)) = self.tokens.split_first() else {
            return None;
        };
        wanted.contains(operator).then(|| {
            self.tokens = rest;
            *operator
        })
    }

    fn sum(&mut self) -> Option<Term> {
        let mut left = self.product()?;
        while let Some(operator) = self.operator(['+', '-']) {
            let (a, b) = (left.number(), self.product()?.number());
            left = Term::Number(if operator == '+' { a.plus(b) } else { a.minus(b) });
        }
        Some(left)
    }

    fn product(&mut self) -> Option<Term> {
        let mut left = self.factor()?;
        while let Some(operator) = self.operator(['*', '/']) {
            let (a, b) = (left.number(), self.factor()?.number());
            left = Term::Number(if operator == '*' { a.times(b) } else { a.over(b) });
        }
        Some(left)
    }

    fn factor(&mut self) -> Option<Term> {
        let mut signed = false;
        let mut negative = false;
        while let Some(sign) = self.operator(['-', '+']) {
            signed = true;
            negative ^= sign == '-';
        }
        let term = self.operand()?;
        Some(match (signed, negative) {
            (false, _) => term,
            (true, false) => Term::Number(term.number()),
            (true, true) => Term::Number(term.number().negated()),
        })
    }

    fn operand(&mut self) -> Option<Term> {
        let (token, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        match token {
            Token::Term(term) => Some(term.clone()),
            Token::Score { metric, item } => {
                Some(Term::Number(self.values.score(metric, item.as_deref())))
            }
            // Assumption: a variable nobody passed counts as zero.
            Token::Variable(name) => {
                Some(self.values.variable(name).unwrap_or(Term::Number(Number::ZERO)))
            }
            Token::Open if self.depth < DEEPEST_NESTING => {
                self.depth += 1;
                let value = self.sum()?;
                self.depth -= 1;
                let (close, rest) = self.tokens.split_first()?;
                self.tokens = rest;
                (*close == Token::Close).then_some(value)
            }
            _ => None,
        }
    }
}

struct Scanner<'a> {
    rest: &'a str,
}

impl Scanner<'_> {
    fn tokens(mut self) -> Option<Vec<Token>> {
        let mut tokens = Vec::new();
        while let Some(first) = self.rest.chars().next() {
            tokens.push(self.token(first)?);
            self.rest = self.rest.trim_start();
        }
        Some(tokens)
    }

    fn token(&mut self, first: char) -> Option<Token> {
        match first {
            '+' | '-' | '*' | '/' => self.one(Token::Operator(first)),
            '(' => self.one(Token::Open),
            ')' => self.one(Token::Close),
            '"' => self.quoted().map(|text| Token::Term(Term::Text(text))),
            '$' => self.reference(),
            _ => {
                let number = Number::parse(self.take(|c| c.is_ascii_digit() || c == '.'))?;
                Some(Token::Term(Term::Number(number)))
            }
        }
    }

    fn one(&mut self, token: Token) -> Option<Token> {
        self.rest = &self.rest[1..];
        Some(token)
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &str {
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn quoted(&mut self) -> Option<String> {
        let quote = self.rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (text, rest) = self.rest[1..].split_once(quote)?;
        self.rest = rest;
        Some(text.to_owned())
    }

    /// `$scores['a']['b']`, `$scores.a.b`, `$vars['a']`, `$vars.a`, in any mixture of the forms.
    fn reference(&mut self) -> Option<Token> {
        if let Some(rest) = self.rest.strip_prefix("$scores") {
            self.rest = rest;
            let metric = self.segment()?;
            let item = if self.rest.starts_with(['[', '.']) { Some(self.segment()?) } else { None };
            return Some(Token::Score { metric, item });
        }
        self.rest = self.rest.strip_prefix("$vars")?;
        self.segment().map(Token::Variable)
    }

    fn segment(&mut self) -> Option<String> {
        if let Some(rest) = self.rest.strip_prefix('[') {
            self.rest = rest.trim_start();
            let name = self.quoted()?;
            self.rest = self.rest.trim_start().strip_prefix(']')?;
            return Some(name);
        }
        self.rest = self.rest.strip_prefix('.')?;
        let name = self.take(|c| c.is_alphanumeric() || c == '_');
        (!name.is_empty()).then(|| name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Formula, LONGEST_FORMULA, Number, Term, Values};
    use crate::mutated::{config, mangled};

    struct Garden;

    impl Values for Garden {
        fn score(&self, metric: &str, item: Option<&str>) -> Number {
            Number::whole(match (metric, item) {
                ("seeds", None) => 24,
                ("shed", Some("barrow")) => 1,
                ("odd id!", None) => 7,
                _ => 0,
            })
        }

        fn variable(&self, name: &str) -> Option<Term> {
            match name {
                "amount" => Some(Term::Number(Number::whole(33))),
                "remark" => Some(Term::Text("after rain".to_owned())),
                _ => None,
            }
        }
    }

    fn value(text: &str) -> String {
        Formula::parse(text).expect(text).value(&Garden).text()
    }

    #[test]
    fn blanks_at_both_ends_do_not_matter() {
        assert_eq!(value(" $scores['seeds'] -$scores['shed']['barrow'] "), "23");
        assert_eq!(value("$vars['amount'] "), "33");
    }

    #[test]
    fn dots_and_brackets_are_two_spellings_of_one_reference() {
        assert_eq!(value("$scores.seeds - $scores.shed.barrow"), "23");
        assert_eq!(value("$scores[\"odd id!\"] + $vars.amount"), "40");
    }

    #[test]
    fn multiplication_binds_tighter_than_addition() {
        assert_eq!(value("1 + 2 * 3 - 8 / 4"), "5");
        assert_eq!(value("(1 + 2) * -(3 - 5)"), "6");
    }

    #[test]
    fn text_constants_and_text_variables_stay_text() {
        assert_eq!(value("\"done\""), "done");
        assert_eq!(value("$vars.remark"), "after rain");
        assert_eq!(value("$vars.remark + 1"), "1");
    }

    #[test]
    fn missing_values_and_zero_divisors_count_as_zero() {
        assert_eq!(value("$scores.nothing + $vars.nothing"), "0");
        assert_eq!(value("5 / (3 - 3)"), "0");
    }

    #[test]
    fn malformed_formulas_are_not_formulas() {
        for text in [
            "", "1 +", "(1", "1)", "$scores", "$scores.", "$vars['a", "1 2", "a", "é", "$x.y",
            "\"a",
        ] {
            assert_eq!(Formula::parse(text), None, "{text}");
        }
    }

    #[test]
    fn deep_and_long_formulas_are_refused_without_overflow() {
        let deep = "(".repeat(2000) + "1" + &")".repeat(2000);
        assert_eq!(Formula::parse(&deep), None);
        assert_eq!(Formula::parse(&"1+".repeat(5000)), None);
        let wide = "1+".repeat(2000) + "1";
        assert_eq!(value(&wide), "2001");
        assert_eq!(value(&("-".repeat(2001) + "1")), "-1");
    }

    const FORMULAS: [&str; 6] = [
        " $scores['seeds'] -$scores['shed']['barrow'] ",
        "$scores[\"odd id!\"] + $vars.amount / $vars.remark",
        "(1 + 2) * -(3.5e3 - 5) / (3 - 3)",
        "\"done\"",
        "Infinity - Infinity * 99999999999999999999999999999",
        "((((((((1))))))))",
    ];

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn mangled_formulas_are_refused_or_have_one_value(text in mangled(&FORMULAS)) {
            let Some(formula) = Formula::parse(&text) else { return Ok(()) };
            prop_assert!(text.len() <= LONGEST_FORMULA);
            let term = formula.value(&Garden);
            prop_assert_eq!(&term, &formula.value(&Garden));
            if let Term::Number(number) = term {
                prop_assert_eq!(Number::parse(&number.to_string()), Some(number), "{}", text);
            }
            prop_assert!(formula.inputs().count() <= text.len());
        }
    }
}
