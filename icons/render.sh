#!/bin/sh
# Renders everything in this folder that is not an SVG. Needs rsvg-convert (librsvg) and python3.
#
# What is rendered is committed, so that a build needs neither; a test of the engine checks that
# every shape and size is there and that the shapes differ.
set -eu
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# 16, 22, 24, 32, 48: what Linux panels ask for. 44: the macOS menu bar, twice 22.
for shape in fine needs-you waiting paused; do
    for size in 16 22 24 32 44 48; do
        rsvg-convert -w "$size" -h "$size" "tray/$shape.svg" -o "$scratch/$shape-$size.png"
    done
done

for size in 16 32 64 128 256 512 1024; do
    rsvg-convert -w "$size" -h "$size" app/tokentray.svg -o "$scratch/app-$size.png"
done
for size in 32 128 256 512; do
    cp "$scratch/app-$size.png" "app/$size.png"
done

python3 pack.py "$scratch"
