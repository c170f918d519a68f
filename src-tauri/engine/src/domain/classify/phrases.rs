//! Families of words that providers use. Data only: [`super::meaning`] decides what they do.
//!
//! Matched in text of lower-case words with single spaces and a space at both ends; every phrase
//! begins at a word (its leading space) and may end inside one, unless it ends with a space. Those
//! of scripts that put no spaces between words stand anywhere.

mod grant;
mod person;
mod said;
mod setup;
mod subject;
mod waiting;

pub use said::{Family, Said, said};
pub use subject::{ACT, STANDARD, STANDARD_END};
