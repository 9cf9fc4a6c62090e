//! Builds the tree of an expression from its tokens, by precedence climbing.
//!
//! From loose to tight: `or`, `and`, `not`, comparisons (not chainable), `+ -`, `* /`, unary `-`, `^` (from the right).
//! After a fault it goes on in the way that blames the fewest neighbours; a limit ends it at once. Recursion is bounded
//! by [`MAX_NESTING`] and the tree by [`MAX_NODES`], so that no text overflows a stack here or later.

use super::arithmetic::Binary;
use super::fault::{ExprFault, Faults, quoted};
use super::functions::Function;
use super::lexer::{Kind, Token, tokens};
use super::tree::{Expr, Node, What, hole};
use super::{MAX_NESTING, MAX_NODES, MAX_TEXT, Names};
use std::ops::Range;

/// Reads an expression, or says everything that is wrong with it.
pub fn parse(text: &str, names: Names) -> Result<Expr, Vec<ExprFault>> {
    let mut faults = Faults::default();
    if text.len() > MAX_TEXT {
        let message = format!("the expression has {} bytes", text.len());
        let span = text.floor_char_boundary(MAX_TEXT)..text.len();
        return Err(vec![ExprFault::new("too-long", span, message).expected(format!("at most {MAX_TEXT} bytes"))]);
    }
    let tokens = tokens(text, names, &mut faults);
    if tokens.is_empty() && faults.is_empty() {
        faults.push(ExprFault::new("empty-expression", 0..text.len(), "the expression is empty").expected(VALUE));
    }
    let mut parser = Parser { text, tokens: &tokens, at: 0, faults, nodes: 0, depth: 0, stopped: false };
    let root = parser.whole();
    if parser.faults.is_empty() { Ok(Expr { root }) } else { Err(parser.faults.into_sorted()) }
}

const VALUE: &str = "a number, a name, a function or `(`";
const LOOSEST: u8 = 1;
const NOT: u8 = 3;
const COMPARISON: u8 = 4;
const NEGATION: u8 = 7;

fn level(sign: Binary) -> u8 {
    match sign {
        Binary::Or => LOOSEST,
        Binary::And => 2,
        Binary::Add | Binary::Subtract => 5,
        Binary::Multiply | Binary::Divide => 6,
        Binary::Power => 8,
        _ => COMPARISON,
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
    faults: Faults,
    nodes: usize,
    depth: usize,
    /// A limit was passed: what is left is not looked at.
    stopped: bool,
}

impl<'a> Parser<'a> {
    fn whole(&mut self) -> Node {
        if self.tokens.is_empty() {
            return hole(0);
        }
        let root = self.expression(LOOSEST);
        while let Some(token) = self.next_token() {
            if token.kind == Kind::Close {
                self.fault("unmatched-parenthesis", &token.span, "this parenthesis closes nothing");
            } else {
                self.stray_comma(&token.span);
            }
            // An operator after it belongs to what stood before.
            if matches!(self.peek(), Some(Kind::Sign(_))) {
                self.at += 1;
            }
            if self.peek().is_some() {
                self.expression(LOOSEST);
            }
        }
        root
    }

    /// An expression of operators that bind at least as tight as `least`.
    fn expression(&mut self, least: u8) -> Node {
        let mut left = self.prefix(least);
        let mut compared = false;
        while let Some(kind) = self.peek() {
            match kind {
                Kind::Sign(sign) if level(*sign) >= least => {
                    let comparison = level(*sign) == COMPARISON;
                    if comparison && compared {
                        self.chained();
                    }
                    compared = comparison;
                    self.at += 1;
                    let right = self.right_side(*sign);
                    left = self.node(left.span.start..right.span.end, What::Binary(*sign, Box::new([left, right])));
                }
                Kind::Number(_) | Kind::Name(_) | Kind::BadValue | Kind::Open | Kind::Not => {
                    self.missing_operator();
                    self.expression(NEGATION);
                }
                Kind::Stray => {
                    self.at += 1;
                    if self.starts_value() {
                        self.expression(NEGATION);
                    }
                }
                Kind::Sign(_) | Kind::Close | Kind::Comma => break,
            }
        }
        left
    }

    fn right_side(&mut self, sign: Binary) -> Node {
        if sign == Binary::Power {
            // From the right, and with room for a sign: 2^-1.
            self.nested(|parser| parser.expression(NEGATION))
        } else {
            self.expression(level(sign) + 1)
        }
    }

    fn prefix(&mut self, least: u8) -> Node {
        let start = self.tokens.get(self.at).map_or(self.text.len(), |token| token.span.start);
        match self.peek() {
            Some(Kind::Sign(Binary::Subtract)) => {
                self.at += 1;
                let operand = self.nested(|parser| parser.expression(NEGATION));
                self.node(start..operand.span.end, What::Negate(Box::new(operand)))
            }
            Some(Kind::Not) => {
                if least > NOT {
                    let span = self.tokens[self.at].span.clone();
                    self.fault("misplaced-not", &span, "`not` needs parentheses of its own here: (not ...)");
                }
                self.at += 1;
                let operand = self.nested(|parser| parser.expression(NOT));
                self.node(start..operand.span.end, What::Not(Box::new(operand)))
            }
            _ => self.value(),
        }
    }

    fn value(&mut self) -> Node {
        let first = self.at;
        while self.peek() == Some(&Kind::Stray) {
            self.at += 1;
        }
        let Some(token) = self.tokens.get(self.at).filter(|_| !self.stopped) else {
            return self.missing_value(self.at > first);
        };
        let span = token.span.clone();
        match &token.kind {
            Kind::Number(number) => {
                self.at += 1;
                self.node(span, What::Number(*number))
            }
            Kind::Name(name) => {
                self.at += 1;
                if self.peek() == Some(&Kind::Open) {
                    self.call(name, span)
                } else {
                    self.node(span.clone(), What::Name(name.clone(), span))
                }
            }
            Kind::BadValue => {
                self.at += 1;
                hole(span.end)
            }
            Kind::Open => {
                self.at += 1;
                self.group(span)
            }
            _ => self.missing_value(self.at > first),
        }
    }

    fn group(&mut self, open: Range<usize>) -> Node {
        if self.peek() == Some(&Kind::Close) {
            let end = self.tokens[self.at].span.end;
            self.at += 1;
            self.push(
                ExprFault::new("missing-operand", open.start..end, "nothing between the parentheses").expected(VALUE),
            );
            return hole(end);
        }
        let mut inner = self.nested(|parser| parser.expression(LOOSEST));
        while self.peek() == Some(&Kind::Comma) {
            let comma = self.tokens[self.at].span.clone();
            self.stray_comma(&comma);
            self.at += 1;
            self.nested(|parser| parser.expression(LOOSEST));
        }
        inner.span = open.start..self.close(&open);
        inner
    }

    fn call(&mut self, name: &str, span: Range<usize>) -> Node {
        let open = self.tokens[self.at].span.clone();
        self.at += 1;
        let mut arguments = Vec::new();
        if self.peek() != Some(&Kind::Close) {
            arguments.push(self.nested(|parser| parser.expression(LOOSEST)));
            while self.peek() == Some(&Kind::Comma) {
                self.at += 1;
                arguments.push(self.nested(|parser| parser.expression(LOOSEST)));
            }
        }
        let whole = span.start..self.close(&open);
        let Some(function) = Function::named(name) else {
            let message = format!("there is no function {}", quoted(name));
            let fault = ExprFault::new("unknown-function", span, message).expected(Function::list());
            self.push(fault.nearest(Function::nearest(name)));
            return hole(whole.end);
        };
        if !function.takes(arguments.len()) {
            let message = format!("`{name}` takes {}, here are {}", function.arguments(), arguments.len());
            self.push(ExprFault::new("argument-count", whole.clone(), message).expected(function.usage()));
        }
        self.node(whole, What::Call(function, arguments))
    }

    /// Takes the parenthesis that closes `open` and returns where it ends.
    fn close(&mut self, open: &Range<usize>) -> usize {
        if self.peek() == Some(&Kind::Close) {
            self.at += 1;
        } else {
            // Only the end of the text leads here.
            self.fault("unclosed-parenthesis", open, "this parenthesis is never closed");
        }
        self.tokens[self.at - 1].span.end
    }

    /// Goes one level deeper, unless that is too deep.
    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Node) -> Node {
        if self.depth == MAX_NESTING {
            self.stop("too-deep", "nested too deep", format!("at most {MAX_NESTING} levels"));
        }
        if self.stopped {
            return hole(self.text.len());
        }
        self.depth += 1;
        let node = read(self);
        self.depth -= 1;
        node
    }

    fn node(&mut self, span: Range<usize>, what: What) -> Node {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let limit = format!("at most {MAX_NODES} numbers, names, operators and calls");
            self.stop("too-large", "the expression is too large", limit);
        }
        Node { span, what }
    }

    fn stop(&mut self, code: &'static str, message: &str, limit: String) {
        let place = self.tokens.get(self.at).or(self.tokens.last()).map_or(0..0, |token| token.span.clone());
        self.push(ExprFault::new(code, place, message).expected(limit));
        self.stopped = true;
    }

    fn peek(&self) -> Option<&'a Kind> {
        if self.stopped { None } else { self.tokens.get(self.at).map(|token| &token.kind) }
    }

    fn next_token(&mut self) -> Option<&'a Token> {
        self.peek()?;
        self.at += 1;
        self.tokens.get(self.at - 1)
    }

    fn starts_value(&self) -> bool {
        matches!(self.peek(), Some(Kind::Number(_) | Kind::Name(_) | Kind::BadValue | Kind::Open | Kind::Not))
    }

    fn push(&mut self, fault: ExprFault) {
        if !self.stopped {
            self.faults.push(fault);
        }
    }

    fn fault(&mut self, code: &'static str, span: &Range<usize>, message: &str) {
        self.push(ExprFault::new(code, span.clone(), message));
    }

    fn stray_comma(&mut self, span: &Range<usize>) {
        self.fault("stray-comma", span, "a comma stands only between the arguments of a function");
    }

    fn chained(&mut self) {
        let span = self.tokens[self.at].span.clone();
        let fault = ExprFault::new("chained-comparison", span, "comparisons cannot be chained");
        self.push(fault.expected("two comparisons, joined by `and`"));
    }

    fn missing_operator(&mut self) {
        let span = self.tokens[self.at].span.clone();
        let before = self.shown(self.at - 1);
        let message = format!("an operator is missing between {before} and {}", self.shown(self.at));
        let fault = ExprFault::new("missing-operator", span, message);
        let function = Function::named(before.trim_matches('`')).map(Function::usage);
        self.push(fault.expected(function.unwrap_or("an operator such as + - * / ^ < and")));
    }

    fn missing_value(&mut self, reported: bool) -> Node {
        let before = self.at.checked_sub(1).map(|before| self.shown(before));
        let message = match (before, self.tokens.get(self.at)) {
            (Some(before), Some(_)) => format!("something is missing between {before} and {}", self.shown(self.at)),
            (None, Some(_)) => format!("something is missing before {}", self.shown(self.at)),
            (Some(before), None) => format!("something is missing after {before}"),
            (None, None) => "something is missing".to_owned(),
        };
        let place = self.tokens.get(self.at).or(self.tokens.last()).map_or(0..0, |token| token.span.clone());
        let end = place.start;
        if !reported {
            self.push(ExprFault::new("missing-operand", place, message).expected(VALUE));
        }
        hole(end)
    }

    /// Token number `index` as it stands in the text.
    fn shown(&self, index: usize) -> String {
        quoted(&self.text[self.tokens[index].span.clone()])
    }
}
