# Program: ghostscript
# About: a PostScript program drawn by three devices, a PDF written and drawn again
# Packages: ghostscript
# Tags: slow
# Timeout: 120

draw() {
    gs -q -dBATCH -dNOPAUSE -dSAFER "$@"
}

workload() {
    draw -sDEVICE=ppmraw -r60 -sOutputFile=page%d.ppm "$DATA/pages.ps"
    draw -sDEVICE=pngalpha -r40 -dTextAlphaBits=4 -dGraphicsAlphaBits=4 \
        -sOutputFile="$OUT/page%d.png" "$DATA/pages.ps"
    draw -sDEVICE=pdfwrite -sOutputFile=pages.pdf "$DATA/pages.ps"
    draw -sDEVICE=ppmraw -r60 -dNumRenderingThreads=4 -dMaxBitmap=100000 -dBandBufferSpace=200000 \
        -sOutputFile=again%d.ppm pages.pdf
    draw -sDEVICE=txtwrite -sOutputFile="$OUT/text" pages.pdf
    draw -sDEVICE=bbox "$DATA/pages.ps" 2>&1
    sha256sum page*.ppm again*.ppm
    ! echo '1 0 div' | draw -sDEVICE=nullpage - 2>&1
}
