//! The guides, as they stand in the folder `docs`: for readers of the documentation only.

macro_rules! guides {
    ($($name:ident = $file:literal,)*) => {
        $(#[doc = include_str!(concat!("../docs/", $file))] pub mod $name {})*
    };
}

guides! {
    architecture = "architecture.md",
    command_line = "cli.md",
    history = "history.md",
    notifications = "notifications.md",
    performance = "performance.md",
    refresh = "refresh.md",
    secrets = "secrets.md",
    settings = "settings.md",
    sign_in = "sign-in.md",
    socket = "socket.md",
    tray = "tray.md",
    vault = "vault.md",
}
