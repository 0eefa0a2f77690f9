# Program: poppler
# About: pdftoppm, pdftotext, pdfimages, pdftocairo, pdfseparate, pdfunite on a generated PDF
# Packages: poppler-utils, ghostscript
# Tags: slow
# Timeout: 120

prepare() {
    gs -q -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -sOutputFile=pages.pdf "$PROGRAMS/ghostscript/pages.ps"
}

workload() {
    pdf="$INPUT/pages.pdf"
    pdfinfo "$pdf"
    pdffonts "$pdf"
    pdftoppm -r 60 "$pdf" page
    pdftoppm -r 50 -png -aa no "$pdf" "$OUT/page"
    pdftocairo -r 40 -png "$pdf" "$OUT/cairo"
    pdftocairo -svg -f 2 -l 2 "$pdf" "$OUT/page.svg"
    pdftotext -layout "$pdf" "$OUT/layout"
    pdftotext -bbox-layout "$pdf" "$OUT/boxes"
    pdftohtml -s -i -q "$pdf" html >/dev/null
    pdfimages -list "$pdf"
    pdfseparate "$pdf" single%d.pdf
    pdfunite single8.pdf single1.pdf united.pdf
    pdftotext united.pdf - | sha256sum
    sha256sum page*.ppm
}
