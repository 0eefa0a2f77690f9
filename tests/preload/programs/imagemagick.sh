# Program: imagemagick
# About: filters by several threads, formats, montage, comparison; pixels compared
# Packages: imagemagick
# Tags: slow
# Timeout: 120

workload() {
    export MAGICK_THREAD_LIMIT=4 MAGICK_TEMPORARY_PATH="$PWD"
    # /usr/local may hold a program of this name.
    PATH="/usr/bin:$PATH"
    convert -size 640x480 gradient:red-blue \( -size 640x480 pattern:checkerboard \) \
        -compose blend -composite base.ppm
    convert base.ppm -resize 900x700 -blur 0x4 -unsharp 0x2 -rotate 33 -colorspace Lab \
        -separate -combine -modulate 90,120 +repage "$OUT/filtered.ppm"
    convert base.ppm -distort Arc 60 -wave 5x50 -charcoal 2 -normalize "$OUT/distorted.ppm"
    convert base.ppm -quantize YIQ -colors 64 -dither FloydSteinberg "$OUT/colours.ppm"
    for format in jpg gif bmp tiff webp miff; do
        convert base.ppm "again.$format"
        convert "again.$format" "$OUT/$format.ppm"
        identify -format '%m %w %h %# %k\n' "again.$format"
    done
    montage base.ppm -duplicate 8 -geometry 100x80+4+4 "$OUT/montage.ppm"
    convert -delay 5 base.ppm -duplicate 10 -scale 20% -layers optimize animated.gif
    identify -format '%s:%# ' animated.gif
    ! compare -metric AE base.ppm "$OUT/colours.ppm" null: 2>&1
    ! convert no-such-file.png x.png 2>&1
}
