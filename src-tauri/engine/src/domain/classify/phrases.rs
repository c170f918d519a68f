//! Families of words that providers use. Data only: [`super::meaning`] decides what they do.
//!
//! Matched in text of lower-case words with single spaces and a space at both ends; every phrase
//! begins at a word (its leading space) and may end inside one, unless it ends with a space.

mod grant;
mod person;
mod setup;
mod waiting;

pub use grant::*;
pub use person::*;
pub use setup::*;
pub use waiting::*;
