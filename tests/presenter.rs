//! Tray and notification as the presenter drives them, with an owner that is a script behind a
//! real socket, and a tray and a notifier that only remember.

mod icons;
mod models;
