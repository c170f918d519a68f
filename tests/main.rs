//! Fast tests of the engine and the command line: no display, no bus.

#[cfg(test)]
mod api;
#[cfg(test)]
mod autostart;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod german;
#[cfg(test)]
mod grant;
#[cfg(test)]
mod history;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod mutants;
#[cfg(test)]
mod practice;
#[cfg(test)]
mod presenter;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod timeline;
#[cfg(test)]
mod token_endpoint;
#[cfg(test)]
mod vault;
#[cfg(test)]
mod verdicts;
