//! Detectors of what must not leave.

mod candidate;
mod context;
mod my_number;
mod rows;

pub use my_number::MyNumber;
