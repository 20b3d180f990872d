//! Detectors of what must not leave.

mod candidate;
mod card;
mod context;
mod detector;
mod my_number;
mod rows;

pub use card::CardNumber;
pub use my_number::MyNumber;
