//! The tray's shapes are there in every size, and can be told apart without colour.

use std::{collections::HashSet, fs, path::Path};

use tokentray::io::tray::{Ink, SIZES, TrayShape, mask, rgba};

#[test]
fn every_shape_is_there_in_every_size() {
    for shape in TrayShape::ALL {
        for size in SIZES {
            let pixels = mask(*shape, size).unwrap();
            assert_eq!(pixels.len(), (size * size) as usize, "{shape} at {size}");
            let drawn = pixels.iter().filter(|opacity| **opacity > 128).count();
            assert!(
                drawn * 20 > pixels.len(),
                "{shape} at {size} is nearly empty"
            );
        }
    }
    assert_eq!(mask(TrayShape::Fine, 23), None);
}

/// At least a tenth of the pixels must differ clearly: that is what an eye gets at 16 pixels.
#[test]
fn shapes_differ_in_every_size_without_colour() {
    for size in SIZES {
        for (at, one) in TrayShape::ALL.iter().enumerate() {
            for other in &TrayShape::ALL[at + 1..] {
                let (a, b) = (mask(*one, size).unwrap(), mask(*other, size).unwrap());
                let different = a
                    .iter()
                    .zip(b)
                    .filter(|(a, b)| a.abs_diff(**b) > 96)
                    .count();
                assert!(
                    different * 10 > a.len(),
                    "{one} and {other} at {size}: {different} of {}",
                    a.len()
                );
            }
        }
    }
}

#[test]
fn an_image_has_one_colour_and_the_masks_opacity() {
    let image = rgba(TrayShape::Fine, 22, Ink::Neutral).unwrap();
    let colours: HashSet<&[u8]> = image.chunks(4).map(|pixel| &pixel[..3]).collect();
    assert_eq!(colours.len(), 1);
    let opacity: Vec<u8> = image.chunks(4).map(|pixel| pixel[3]).collect();
    assert_eq!(opacity, mask(TrayShape::Fine, 22).unwrap());
}

#[test]
fn the_app_icon_is_there_in_the_sizes_that_packages_need() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../icons/app");
    for size in [32_u32, 128, 256, 512] {
        let png = fs::read(folder.join(format!("{size}.png"))).unwrap();
        // The width stands in the header chunk, which is always the first.
        let width = u32::from_be_bytes(png[16..20].try_into().unwrap());
        assert_eq!(width, size);
    }
    assert!(
        fs::read(folder.join("tokentray.ico"))
            .unwrap()
            .starts_with(&[0, 0, 1, 0])
    );
    let icns = fs::read(folder.join("tokentray.icns")).unwrap();
    let length = u32::from_be_bytes(icns[4..8].try_into().unwrap());
    assert!(icns.starts_with(b"icns") && length as usize == icns.len());
}
