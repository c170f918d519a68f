//! A Tauri app that does nothing, for `make bench-idle` to look at beside ours: an icon with a menu in
//! the tray, no window, no end. Built as ours is, with the same crates; of ours it also has the packed
//! page, which nothing loads.

use tauri::{RunEvent, image::Image, menu::Menu, tray::TrayIconBuilder};

const SIDE: u32 = 32;

fn main() -> tauri::Result<()> {
    tauri::Builder::default()
        .setup(|app| {
            let icon = Image::new_owned(vec![128; (SIDE * SIDE * 4) as usize], SIDE, SIDE);
            // Linux shows no icon that has no menu.
            let menu = Menu::default(app.handle())?;
            TrayIconBuilder::new().icon(icon).menu(&menu).build(app)?;
            Ok(())
        })
        .build(tauri::generate_context!())?
        .run(|_, event| {
            if let RunEvent::ExitRequested {
                code: None, api, ..
            } = event
            {
                api.prevent_exit();
            }
        });
    Ok(())
}
